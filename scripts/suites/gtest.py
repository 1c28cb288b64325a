#!/usr/bin/python3
"""Run every googletest program (named *Tests) below a build folder and print `N passed, N failed`:  gtest.py BUILD_DIR"""
import json
import os
import subprocess
import sys
import tempfile


def programs(folder):
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(d for d in folders if d != "CMakeFiles")
        for name in sorted(files):
            path = os.path.join(where, name)
            if name.endswith("Tests") and os.access(path, os.X_OK):
                yield path


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: gtest.py BUILD_DIR")
    passed = failed = 0
    for program in programs(sys.argv[1]):
        with tempfile.TemporaryDirectory() as scratch:
            results = os.path.join(scratch, "results.json")
            run = subprocess.run([os.path.abspath(program), "--gtest_brief=1", f"--gtest_output=json:{results}"], timeout=1800)
            try:
                with open(results) as f:
                    totals = json.load(f)
                bad = totals["failures"] + totals["errors"]
                good = totals["tests"] - bad - totals.get("disabled", 0)
            except (OSError, ValueError, KeyError):
                good, bad = 0, 1
                print(f"{program}: ended with status {run.returncode} before it wrote its results")
        passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
