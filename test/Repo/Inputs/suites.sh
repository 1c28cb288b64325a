# Runs made-up suites by the functions of scripts/test.sh, in the root of the repository; logs go to folder $1.
set -euo pipefail
source scripts/build.sh
source scripts/suite.sh
logs=$1
only=()
suite good echo "2 passed, 0 failed"
suite bad bash -c 'echo "1 passed, 1 failed"; exit 1'
suite silent true
suite crash bash -c 'echo half of; exit 139'
suite quiet bash -c 'echo "3 passed, 0 failed"; exit 5'
finish
