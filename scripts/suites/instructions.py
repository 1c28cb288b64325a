#!/usr/bin/python3
"""Count the instructions of one run of small models and compare with what they were:  instructions.py [--update] [MODEL...]

Time depends on the machine and its load, the number of instructions only on the code. A model fails that needs more than TOLERANCE more than
bench/counted/TARGET.json says; one that needs less should be written there by --update, so that the gain stays. Counted is the first run of
an instance, as Valgrind sees it (it knows AVX2, not AVX-512).
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.join(ROOT, "build", "release", "bin")
TARGET = "x86-64-v3"
EXPECTED = os.path.join(ROOT, "bench", "counted", TARGET + ".json")
TOLERANCE = 0.03


def count(model, folder):
    """Instructions of one run, or a message."""
    name = os.path.splitext(os.path.basename(model))[0]
    library, profile = os.path.join(folder, name + ".so"), os.path.join(folder, name + ".callgrind")
    made = subprocess.run([os.path.join(BIN, "ingotc"), model, f"--mcpu={TARGET}", "--threads=off", "-o", library], capture_output=True, text=True)
    if made.returncode:
        return "ingotc: " + made.stderr.strip()[:200]
    ran = subprocess.run(["valgrind", "--tool=callgrind", "--toggle-collect=ingot_core_run", f"--callgrind-out-file={profile}",
                          os.path.join(BIN, "ingot-run"), library, "--random=1", "--dim", "rows=96", "--threads=1"], capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", ran.stderr)
    if ran.returncode or not found or found.group(1) == "0":
        return "valgrind: " + (ran.stderr.strip().splitlines() or ["nothing"])[-1][:200]
    return int(found.group(1))


def main():
    arguments = sys.argv[1:]
    update = "--update" in arguments
    only = [a for a in arguments if a != "--update"]
    if subprocess.run(["sh", "-c", "command -v valgrind"], capture_output=True).returncode or os.uname().machine != "x86_64":
        print("instructions: this needs valgrind and an x86-64 processor; nothing was counted\n0 passed, 0 failed")
        return 0
    expected = {}
    if os.path.exists(EXPECTED):
        with open(EXPECTED) as f:
            expected = json.load(f)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.check_call(["/usr/bin/python3", os.path.join(ROOT, "bench", "counted", "models.py"), folder])
        models = sorted(m for m in os.listdir(folder) if not only or m[:-5] in only)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            counts = list(pool.map(lambda m: count(os.path.join(folder, m), folder), models))
    for model, counted in zip((m[:-5] for m in models), counts):
        known = expected.get(model)
        if isinstance(counted, str):
            verdict, good = counted, False
        elif update or known is None:
            verdict, good = f"{counted} instructions, was {known}", update
        else:
            change = counted / known - 1
            good = change <= TOLERANCE
            verdict = f"{counted} instructions, {100 * change:+.1f}% against {known}"
            if change < -TOLERANCE:
                verdict += "; --update keeps the gain"
        if update and good:
            expected[model] = counted
        passed, failed = passed + good, failed + (not good)
        print(f"{'PASS' if good else 'FAIL'}: {model}: {verdict}", flush=True)
    if update:
        with open(EXPECTED, "w") as f:
            json.dump(expected, f, indent=1, sort_keys=True)
            f.write("\n")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
