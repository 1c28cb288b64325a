#!/usr/bin/python3
"""Compare compiled models with ONNX Runtime, in time and in results, and print the table.

usage:  bench.py [--models a,b] [--rounds N] [--seconds S] [--threads N] [--mcpu CPU] [--specialize] [--json FILE]

Models are exported into build/bench/models (export_models.py), ONNX Runtime comes as an npm package into build/bench/peer, and both are kept.
The two sides run alternately, on the same input files, so that a slow spell of the machine hits both; a side's time is the median over rounds of
each round's median run. Both get the model with its symbolic dimensions open; --specialize gives ours the sizes at compile time as well.
Ours is compiled for this machine's processor (--mcpu=native), as ONNX Runtime picks its kernels at run time.
"""
import argparse
import json
import math
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.path.join(ROOT, "build", "bench")
PEER_PACKAGE = "onnxruntime-node@1.30"
RTOL, ATOL = "1e-3", "1e-4"

DEFAULT = ["resnet18", "resnet50", "squeezenet1_1", "mobilenet_v2", "densenet121", "unet", "tinybert", "lstm", "bert_base",
           "mlp_mnist", "mlp_policy"]
# What a user would run each model at; dimensions not named are 1. The masks must be ones: random integers are no masks.
TEXT = {"tokens": 128}
SIZES = {
    "bert_base": TEXT, "minilm": TEXT, "tinybert": TEXT,
    "lstm": {"time": 100}, "gru_bi": {"time": 100}, "wave": {"samples": 8000},
    "llama_110m_prefill": {"tokens": 64, "past_len": 0}, "llama_110m_decode": {"past_len": 128},
    "llama_15m_decode": {"past_len": 64}, "llama_gqa_decode": {"past_len": 256},
}
FILLS = {name: {"attention_mask": 1} for name in ("bert_base", "minilm", "tinybert")}


class Failed(Exception):
    """One model's failure: a line for the table; the other models go on."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def first_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line]
    return (errors or lines or ["no message"])[0][:200]


# --- what is compared -------------------------------------------------------------------------------------------------------------


def export(names):
    """Path of each model's file by name; a model that exists is not exported again."""
    folder = os.path.join(WORK, "models")
    os.makedirs(folder, exist_ok=True)
    paths = {name: os.path.join(folder, name + ".onnx") for name in names}
    absent = [name for name in names if not os.path.exists(paths[name])]
    if absent:
        say(f"exporting {', '.join(absent)}")
        if subprocess.call(["/usr/bin/python3", os.path.join(ROOT, "bench", "export_models.py"), folder, *absent], stdout=sys.stderr):
            sys.exit("bench: the export failed; needed are the packages python3-torch python3-torchvision python3-onnx")
    return paths


def fetch_peer():
    """(program, environment, version) of ONNX Runtime's side."""
    folder = os.path.join(WORK, "peer")
    os.makedirs(folder, exist_ok=True)
    library, version = os.environ.get("ORT_LIB"), "of ORT_LIB"
    if not library:
        arch = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
        package = os.path.join(folder, "node_modules", "onnxruntime-node")
        library = os.path.join(package, "bin", "napi-v6", "linux", arch, "libonnxruntime.so.1")
        if not os.path.exists(library):
            if not shutil.which("npm"):
                sys.exit(f"bench: npm is needed to fetch {PEER_PACKAGE}: apt-get install npm; or set ORT_LIB to a libonnxruntime.so.1")
            say(f"fetching {PEER_PACKAGE}")
            if subprocess.call(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", PEER_PACKAGE],
                               cwd=folder, stdout=sys.stderr):
                sys.exit(f"bench: 'npm install --ignore-scripts {PEER_PACKAGE}' failed in {folder}; it needs the network")
        if not os.path.exists(library):
            sys.exit(f"bench: {PEER_PACKAGE} has no {library}; set ORT_LIB to a libonnxruntime.so.1")
        with open(os.path.join(package, "package.json")) as f:
            version = json.load(f)["version"]
    source, program = os.path.join(ROOT, "bench", "ort_peer.cc"), os.path.join(folder, "ort_peer")
    if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
        subprocess.check_call(["c++", "-O2", "-std=c++17", source, "-ldl", "-o", program])
    return program, dict(os.environ, ORT_LIB=library), version


def reference(name, model, peer, env):
    """Folder of the inputs that both sides get and the outputs that ONNX Runtime gives for them."""
    folder = os.path.join(WORK, "data", name)
    stamp = os.path.join(folder, "input_0.pb")
    if os.path.exists(stamp) and os.path.getmtime(stamp) > os.path.getmtime(model):
        return folder
    os.makedirs(folder, exist_ok=True)
    options = [o for k, v in SIZES.get(name, {}).items() for o in ("--dim", f"{k}={v}")]
    options += [o for k, v in FILLS.get(name, {}).items() for o in ("--fill", f"{k}={v}")]
    made = run([peer, model, "--seconds", "0", "--write-inputs", folder, "--write-outputs", folder, *options], env=env)
    if made.returncode:
        raise Failed(f"ONNX Runtime: {first_line(made.stderr)}")
    return folder


# --- our side ---------------------------------------------------------------------------------------------------------------------


def compile_model(name, model, ingotc, options):
    """(library, seconds, peak MB of the compiler and what it starts)"""
    folder = os.path.join(WORK, "compiled")
    os.makedirs(folder, exist_ok=True)
    library, log = os.path.join(folder, f"lib{name}.so"), os.path.join(folder, name + ".log")
    if os.path.exists(library):
        os.remove(library)
    start = time.monotonic()
    with open(log, "w") as out:
        child = subprocess.Popen([ingotc, model, "-o", library, f"--entry={name}", *options], stdout=out, stderr=out)
        _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - start
    if status or not os.path.exists(library):
        with open(log) as f:
            raise Failed(f"ingotc: {first_line(f.read())}")
    return library, seconds, usage.ru_maxrss / 1024


def agrees(ingot_run, library, data):
    test = run([ingot_run, library, "--test-data", data, "--rtol", RTOL, "--atol", ATOL], timeout=600)
    if test.returncode == 0:
        return True, ""
    return False, first_line(test.stdout + test.stderr)


def median_us(command, **options):
    timed = run(command, timeout=600, **options)
    found = re.search(r"\bp50_us=([0-9.]+)", timed.stdout)
    if timed.returncode or not found:
        raise Failed(f"{os.path.basename(command[0])}: {first_line(timed.stderr + timed.stdout)}")
    return float(found.group(1))


def measure(name, model, args, peer, env, tools):
    row = {"model": name}
    data = reference(name, model, peer, env)
    sizes = [f"--dim={k}={v}" for k, v in dict({"batch": 1}, **SIZES.get(name, {})).items()] if args.specialize else []
    library, row["compile_s"], row["compile_mb"] = compile_model(name, model, tools["ingotc"], [f"--mcpu={args.mcpu}", *sizes])
    row["library_mb"] = os.path.getsize(library) / 2**20
    row["model_mb"] = os.path.getsize(model) / 2**20
    row["agrees"], row["difference"] = agrees(tools["ingot-run"], library, data)
    ours, theirs = [], []
    timing = ["--seconds", str(args.seconds), "--threads", str(args.threads)]
    for _ in range(args.rounds):
        theirs.append(median_us([peer, model, "--inputs", data, *timing], env=env))
        ours.append(median_us([tools["ingot-run"], library, "--inputs", data, "--benchmark", *timing]))
    row.update(ingot_us=statistics.median(ours), ort_us=statistics.median(theirs), ingot_rounds=ours, ort_rounds=theirs)
    row["ratio"] = row["ort_us"] / row["ingot_us"]
    return row


# --- the table --------------------------------------------------------------------------------------------------------------------


def processor():
    with open("/proc/cpuinfo") as f:
        names = re.findall(r"^model name\s*:\s*(.*)$", f.read(), re.M)
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def table(rows):
    lines = [f"{'model':20} {'ingot us':>10} {'ort us':>10} {'ratio':>6} {'compile s':>9} {'peak MB':>8} {'.so MB':>7}  agrees"]
    for r in rows:
        if "failure" in r:
            lines.append(f"{r['model']:20} {r['failure']}")
            continue
        lines.append(f"{r['model']:20} {r['ingot_us']:10.1f} {r['ort_us']:10.1f} {r['ratio']:6.2f} {r['compile_s']:9.1f} {r['compile_mb']:8.0f} "
                     f"{r['library_mb']:7.1f}  {'yes' if r['agrees'] else 'NO: ' + r['difference']}")
    ratios = [r["ratio"] for r in rows if "ratio" in r]
    if ratios:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        lines.append(f"{'geometric mean':20} {'':10} {'':10} {mean:6.2f}   of {len(ratios)} models; ratio = ort / ingot, above 1 ours is faster")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=",".join(DEFAULT), help="names out of export_models.py --list, or 'all'")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each side in each round")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--mcpu", default="native", help="what ingotc compiles for")
    parser.add_argument("--specialize", action="store_true", help="give ingotc the sizes by --dim")
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "release", "bin"), help="folder of ingotc and ingot-run")
    parser.add_argument("--json", metavar="FILE", help="write everything measured")
    args = parser.parse_args()

    tools = {name: os.path.join(args.bin, name) for name in ("ingotc", "ingot-run")}
    for path in tools.values():
        if not os.access(path, os.X_OK):
            sys.exit(f"bench: no {path}; build it (cmake --preset release && cmake --build --preset release) or give --bin")
    names = args.models.split(",")
    if names == ["all"]:
        names = run(["/usr/bin/python3", os.path.join(ROOT, "bench", "export_models.py"), "--list"], check=True).stdout.split()
    models = export(names)
    peer, env, version = fetch_peer()
    rows = []
    for name in names:
        say(f"measuring {name}")
        try:
            rows.append(measure(name, models[name], args, peer, env, tools))
        except (Failed, subprocess.TimeoutExpired) as failure:
            rows.append({"model": name, "failure": str(failure)})
    head = {"processor": processor(), "threads": args.threads, "rounds": args.rounds, "seconds": args.seconds, "mcpu": args.mcpu,
            "specialized": args.specialize, "onnxruntime": version}
    print(", ".join(f"{k} {v}" for k, v in head.items()))
    print(table(rows))
    if args.json:
        with open(args.json, "w") as f:
            json.dump(dict(head, rows=rows), f, indent=1)
    return 0 if all(r.get("agrees") for r in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
