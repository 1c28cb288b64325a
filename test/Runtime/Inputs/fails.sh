# fails.sh CODE COMMAND...: runs a command that must end with CODE, its messages on stdout.
expected=$1
shift
"$@" 2>&1
code=$?
[ $code = "$expected" ] || { echo "exit code $code, expected $expected"; exit 1; }
