#!/bin/bash
# Installs what is missing, builds everything and runs every test. The last line is `N passed, N failed`; exit 1 if any failed.
# A suite is a command whose last line is `N passed, N failed`: to add one, add a line to `all_suites`.
# scripts/test.sh NAME... runs only the suites named.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/build.sh
source scripts/suite.sh

all_suites() {
  suite lit scripts/suites/lit.py build/release/test
  suite unit scripts/suites/gtest.py build/release
  suite numerics scripts/suites/numerics.sh
  suite symbolic scripts/suites/numerics.sh --symbolic
  suite hostile scripts/suites/numerics.sh --hostile
  suite instructions scripts/suites/instructions.py
}

scripts/setup.sh test
build all checked
only=("$@")
all_suites
finish
