# usage: each-line.sh MODEL TEST FOLDER: runs ingotc with the words of each line "# TRY: words" of TEST in FOLDER, which must stay empty.
model=$1 test=$2
rm -rf "$3" && mkdir -p "$3" && cd "$3" || exit
sed -n 's/^# TRY:\( \|$\)//p' "$test" | while read -r line; do
  # shellcheck disable=SC2086
  ingotc ${line//MODEL/$model} 2>&1
  echo "exit $?"
done
ls -A
