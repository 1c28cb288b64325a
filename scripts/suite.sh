# Sourced by test.sh: suite NAME COMMAND... runs a suite and adds up its counts; finish prints the sum and is the exit status.

passed=0 failed=0 report=() logs=build/test

suite() {
  local name=$1 log=$logs/$1.log status=0 last
  shift
  if [ ${#only[@]} -gt 0 ] && [[ " ${only[*]} " != *" $name "* ]]; then return; fi
  mkdir -p "$logs"
  say "suite $name"
  "$@" 2>&1 | tee "$log" || status=$?
  last=$(tail -n 1 "$log")
  if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
    # A suite that fails without naming a failed test must not look like a success.
    if [ $status -ne 0 ] && [ "${BASH_REMATCH[2]}" = 0 ]; then
      failed=$((failed + 1)) last="$last, but it ended with exit status $status"
    fi
  else
    failed=$((failed + 1)) last="no counts, exit status $status: the suite itself failed"
  fi
  report+=("$(printf '%-12s %s' "$name" "$last")")
}

finish() {
  say "all suites"
  [ ${#report[@]} -eq 0 ] || printf '%s\n' "${report[@]}"
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
