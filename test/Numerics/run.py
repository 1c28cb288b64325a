#!/usr/bin/python3
"""Compile model cases, run the native code, compare with the expected outputs; the last line is `N passed, N failed`.

usage:  run.py [SET...] [--filter REGEX] [--jobs N] [--bin DIR] [--ingotc OPTION] [--update] [--list-failing]

A set is a folder of cases (cases.py says where they are looked for): node, simple, pytorch-operator, pytorch-converted, light, models.
Cases named in passing/<source>.txt must pass. Any other case may end in a diagnostic (exit code 1) or differ, which is counted apart; a crash,
an internal error or a time-out is a failure in any case, for no model may bring the compiler or its code down.
--update writes passing/ anew from what passed (only with whole sets).
"""
import argparse
import collections
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

import cases
from compare import compare

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PASSING = os.path.join(os.path.dirname(os.path.abspath(__file__)), "passing")
SECONDS = 300  # of one step of one case

Result = collections.namedtuple("Result", "case outcome message")  # outcome: pass, unsupported, differ, refused, crash


def step(command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS)
        return done.returncode, done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired:
        return -1, f"no end after {SECONDS} s"


def first_error(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return ([line for line in lines if "error:" in line] or lines or ["no message"])[0][:300]


def run_case(case, args):
    folder = tempfile.mkdtemp(prefix="ingot-numerics-")
    try:
        library = os.path.join(folder, "model.so")
        code, text = step([os.path.join(args.bin, "ingotc"), case.model, "-o", library, *args.ingotc])
        if code == 1:
            return Result(case, "unsupported", first_error(text))
        if code:
            return Result(case, "crash", f"ingotc ended with {code}: {first_error(text)}")
        ingot_run = os.path.join(args.bin, "ingot-run")
        for data in case.data:
            if case.tolerance is None:  # the comparison of ingot-run, with the tolerances of ONNX's own runner
                code, text = step([ingot_run, library, "--test-data", data])
            else:
                out = os.path.join(folder, "out")
                code, text = step([ingot_run, library, "--inputs", data, "--outputs", out])
                if code == 0:
                    text = compare(data, out, case.tolerance)
                    code = 3 if text else 0
            if code:
                outcome = {1: "refused", 3: "differ"}.get(code, "crash")
                return Result(case, outcome, first_error(text) if outcome != "crash" else f"ingot-run ended with {code}: {first_error(text)}")
        return Result(case, "pass", "")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_passing(source):
    path = os.path.join(PASSING, source + ".txt")
    if not os.path.exists(path):
        return set()
    with open(path) as f:
        return {line.strip() for line in f if line.strip() and not line.startswith("#")}


def write_passing(results):
    os.makedirs(PASSING, exist_ok=True)
    for source in {r.case.source for r in results}:
        touched = {r.case.set for r in results if r.case.source == source}
        kept = {name for name in read_passing(source) if name.split("/")[0] not in touched}
        names = kept | {r.case.name for r in results if r.case.source == source and r.outcome == "pass"}
        with open(os.path.join(PASSING, source + ".txt"), "w") as f:
            f.write("# Cases that must pass; written by run.py --update.\n" + "".join(name + "\n" for name in sorted(names)))


def report(results, must, list_failing):
    """Prints what happened and returns (passed, failed)."""
    by_set = collections.defaultdict(collections.Counter)
    for r in results:
        by_set[r.case.set][r.outcome] += 1
    for name, counts in by_set.items():
        print(f"{name}: {sum(counts.values())} cases, " + ", ".join(f"{n} {outcome}" for outcome, n in counts.most_common()))
    others = [r for r in results if r.outcome != "pass"]
    failures = [r for r in others if r.outcome == "crash" or r.case.name in must[r.case.source]]
    for r in others if list_failing else failures:
        print(f"{'FAIL' if r in failures else 'not yet'}: {r.case.name}: {r.outcome}: {r.message}\n      {r.case.model}")
    # What stands in the way of most cases, with the names of nodes and values taken out.
    reasons = collections.Counter(re.sub(r".*error: ", "", r.message) for r in others if r.outcome == "unsupported")
    if reasons and not list_failing:
        print("most frequent diagnostics of cases that are not supported yet:")
        for reason, n in reasons.most_common(15):
            print(f"  {n:4} {reason}")
    fresh = [r for r in results if r.outcome == "pass" and r.case.name not in must[r.case.source]]
    if fresh:
        print(f"{len(fresh)} cases pass that passing/ does not name; run.py --update adds them")
    return len(results) - len(others), len(failures)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", default=[], metavar="SET")
    parser.add_argument("--filter", default="", metavar="REGEX", help="only cases whose SET/NAME matches")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "release", "bin"), help="folder of ingotc and ingot-run")
    parser.add_argument("--ingotc", action="append", default=[], metavar="OPTION", help="passed to ingotc; may be repeated")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--list-failing", action="store_true", help="name every case that does not pass, with its message")
    args = parser.parse_args()
    if args.update and args.filter:
        parser.error("--update needs whole sets, so it does not go with --filter")

    found = [c for c in cases.find(ROOT, args.sets) if re.search(args.filter, c.name)]
    if not found:
        print("no cases found")
        print("0 passed, 0 failed")
        return 0
    must = {source: read_passing(source) for source in {c.source for c in found}}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        results = list(pool.map(lambda case: run_case(case, args), found))
    if args.update:
        write_passing(results)
        must = {source: read_passing(source) for source in must}
    passed, failed = report(results, must, args.list_failing)
    # A case that must pass and is gone would otherwise go unnoticed.
    if not args.filter:
        seen = {(c.source, c.name) for c in found}
        sets = {(c.source, c.set) for c in found}
        for source, names in must.items():
            for name in sorted(names):
                if (source, name.split("/")[0]) in sets and (source, name) not in seen:
                    print(f"FAIL: {name}: in passing/{source}.txt, but there is no such case")
                    failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
