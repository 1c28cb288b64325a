#!/usr/bin/python3
"""Run lit over test folders and print `N passed, N failed`:  lit.py TEST_DIR [LIT_OPTION...]"""
import collections
import json
import os
import subprocess
import sys
import tempfile

LIT = os.environ.get("LLVM_EXTERNAL_LIT", "/usr/lib/llvm-22/bin/lit")
PASSED = {"PASS", "XFAIL", "FLAKYPASS"}
SKIPPED = {"UNSUPPORTED", "EXCLUDED", "SKIPPED"}


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: lit.py TEST_DIR [LIT_OPTION...]")
    with tempfile.TemporaryDirectory() as scratch:
        results = os.path.join(scratch, "results.json")
        # The shebang of lit names whichever python3 comes first in PATH; the packages it needs are Debian's.
        bar = ["--progress-bar"] if sys.stdout.isatty() else ["--no-progress-bar"]
        status = subprocess.call(["/usr/bin/python3", LIT, "--print-result-after=failed", "--test-output=failed", *bar, "-o", results,
                                  *sys.argv[2:], sys.argv[1]])
        try:
            with open(results) as f:
                codes = collections.Counter(test["code"] for test in json.load(f)["tests"])
        except (OSError, ValueError, KeyError) as error:
            sys.exit(f"lit.py: lit ended with exit status {status} and left no results: {error}")
    passed = sum(n for code, n in codes.items() if code in PASSED)
    skipped = sum(n for code, n in codes.items() if code in SKIPPED)
    failed = sum(codes.values()) - passed - skipped
    if skipped:
        print(f"({skipped} tests need what is not on this machine and were left out)")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or (status and not skipped) else 0


if __name__ == "__main__":
    sys.exit(main())
