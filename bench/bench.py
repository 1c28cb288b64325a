#!/usr/bin/python3
"""Compare compiled models with ONNX Runtime, in time, memory and results, and print the table.

usage:  bench.py [--models a,b] [--cases FOLDER] [--rounds N] [--seconds S] [--threads N] [--mcpu CPU] [--specialize] [--no-profile]
                 [--json FILE] [--svg FILE]

Models are exported into build/bench/models (export_models.py), ONNX Runtime comes as an npm package into build/bench/peer, and both are kept.
With --cases, the models are those of FOLDER instead, laid out as ONNX's own cases are: NAME/model.onnx with NAME/test_data_set_0/.
The two sides run alternately, on the same input files, so that a slow spell of the machine hits both; a side's time is the median over rounds of
each round's median run. Both get the model with its symbolic dimensions open; --specialize gives ours the sizes at compile time as well.
Ours is compiled for this machine's processor (--mcpu=native), as ONNX Runtime picks its kernels at run time.

A cold start is a process from its start to its first result, the files in the page cache: its wall time less the runs after the first one; memory is
the most that process had resident. GFLOP/s and the share of this machine's limit come from a second compilation with --profile.
"""
import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time

import report

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
            sys.exit("bench: the export failed; expected a name out of export_models.py --list, and the packages python3-torch python3-torchvision python3-onnx")
    return paths


def cases(folder, names):
    """Path of each model of a folder of cases by name: all of them, or those named."""
    found = sorted(n for n in os.listdir(folder) if os.path.exists(os.path.join(folder, n, "model.onnx")))
    unknown = [n for n in names if n not in found]
    if unknown or not found:
        sys.exit(f"bench: {folder} has no case {', '.join(unknown)}" if unknown else f"bench: {folder} has no NAME/model.onnx")
    return {name: os.path.join(folder, name, "model.onnx") for name in names or found}


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
    given = os.path.join(os.path.dirname(model), "test_data_set_0")
    if os.path.isdir(given):
        return given
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


def timing(command, **options):
    """The fields that both sides print: first_us, p50_us, p90_us, min_us, runs."""
    timed = run(command, timeout=600, **options)
    fields = {k: float(v) for k, v in re.findall(r"\b(\w+)=([0-9.]+)", timed.stdout)}
    if timed.returncode or "p50_us" not in fields:
        raise Failed(f"{os.path.basename(command[0])}: {first_line(timed.stderr + timed.stdout)}")
    return fields


def cold_start(command, env=None):
    """(milliseconds from the start of the process to its first result, peak memory in MB)"""
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env)
    printed = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = (time.monotonic() - start) * 1e3
    fields = {k: float(v) for k, v in re.findall(r"\b(\w+)=([0-9.]+)", printed)}
    if status or "runs" not in fields:
        raise Failed(f"{os.path.basename(command[0])}: the cold start failed")
    return wall - fields["runs"] * fields["p50_us"] * 1e-3, usage.ru_maxrss / 1024


def work_of(library, data, args, tools):
    """What a profiled library says: FLOPs of a run, and how near its kernels are to what the machine can do."""
    profiled = run([tools["ingot-run"], library, "--inputs", data, "--profile", "--json", "--seconds", "0.3", "--threads", str(args.threads)], timeout=600)
    if profiled.returncode:
        return {}
    profile = json.loads(profiled.stdout)
    kernels = profile["kernels"]
    flops = sum(k["flops"] or 0 for k in kernels)
    limit_us = sum(k["us"] * (k["of_limit"] or 0) for k in kernels)
    return {"flops": flops, "limit_us": limit_us, "limit_gflops": profile["limit_gflops"], "kernels": kernels}


def measure(name, model, args, peer, env, tools):
    row = {"model": name}
    data = reference(name, model, peer, env)
    sizes = [f"--dim={k}={v}" for k, v in dict({"batch": 1}, **SIZES.get(name, {})).items()] if args.specialize else []
    flags = [f"--mcpu={args.mcpu}", *sizes]
    library, row["compile_s"], row["compile_mb"] = compile_model(name, model, tools["ingotc"], flags)
    os.sync()  # a library that is still on its way to the disk would slow down what reads memory
    row["library_mb"] = os.path.getsize(library) / 2**20
    row["model_mb"] = os.path.getsize(model) / 2**20
    row["agrees"], row["difference"] = agrees(tools["ingot-run"], library, data)
    ours, theirs, our_starts, their_starts = [], [], [], []
    peer_command, our_command = [peer, model, "--inputs", data], [tools["ingot-run"], library, "--inputs", data, "--benchmark"]
    for_time = ["--seconds", str(args.seconds), "--threads", str(args.threads)]
    at_once = ["--seconds", "0", "--threads", str(args.threads)]
    for _ in range(args.rounds):
        theirs.append(timing([*peer_command, *for_time], env=env))
        ours.append(timing([*our_command, *for_time]))
        their_starts.append(cold_start([*peer_command, *at_once], env))
        our_starts.append(cold_start([*our_command, *at_once]))
    for side, times, starts in (("ingot", ours, our_starts), ("ort", theirs, their_starts)):
        row[side + "_us"] = statistics.median(t["p50_us"] for t in times)
        row[side + "_p90_us"] = statistics.median(t["p90_us"] for t in times)
        row[side + "_rounds"] = [t["p50_us"] for t in times]
        row[side + "_start_ms"] = statistics.median(ms for ms, _ in starts)
        row[side + "_memory_mb"] = statistics.median(mb for _, mb in starts)
    row["ratio"] = statistics.median(t / o for t, o in zip(row["ort_rounds"], row["ingot_rounds"]))
    if args.profile:
        profiled, _, _ = compile_model(name + "_profiled", model, tools["ingotc"], ["--profile", *flags])
        row.update(work_of(profiled, data, args, tools))
        os.remove(profiled)
    return row


# --- the table --------------------------------------------------------------------------------------------------------------------


def processor():
    with open("/proc/cpuinfo") as f:
        names = re.findall(r"^model name\s*:\s*(.*)$", f.read(), re.M)
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", help="names out of export_models.py --list, or 'all'; with --cases, names of cases")
    parser.add_argument("--cases", metavar="FOLDER", help="measure the models of a folder of cases, NAME/model.onnx with NAME/test_data_set_0/")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each side in each round")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--mcpu", default="native", help="what ingotc compiles for")
    parser.add_argument("--specialize", action="store_true", help="give ingotc the sizes by --dim")
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "release", "bin"), help="folder of ingotc and ingot-run")
    parser.add_argument("--no-profile", dest="profile", action="store_false", help="leave out GFLOP/s and the share of the limit")
    parser.add_argument("--json", metavar="FILE", help="write everything measured")
    parser.add_argument("--svg", metavar="FILE", help="write the ratios as a picture")
    args = parser.parse_args()

    tools = {name: os.path.join(args.bin, name) for name in ("ingotc", "ingot-run")}
    for path in tools.values():
        if not os.access(path, os.X_OK):
            sys.exit(f"bench: no {path}; build it (cmake --preset release && cmake --build --preset release) or give --bin")
    names = args.models.split(",") if args.models else []
    if args.cases:
        models = cases(args.cases, names)
    else:
        if names == ["all"]:
            names = run(["/usr/bin/python3", os.path.join(ROOT, "bench", "export_models.py"), "--list"], check=True).stdout.split()
        models = export(names or DEFAULT)
    peer, env, version = fetch_peer()
    rows = []
    for name, model in models.items():
        say(f"measuring {name}")
        try:
            rows.append(measure(name, model, args, peer, env, tools))
        except (Failed, subprocess.TimeoutExpired) as failure:
            rows.append({"model": name, "failure": str(failure)})
    head = {"processor": processor(), "threads": args.threads, "rounds": args.rounds, "seconds": args.seconds, "mcpu": args.mcpu,
            "specialized": args.specialize, "onnxruntime": version}
    print(", ".join(f"{k} {v}" for k, v in head.items()))
    print(report.table(rows))
    if args.json:
        with open(args.json, "w") as f:
            json.dump(dict(head, rows=rows), f, indent=1)
    if args.svg:
        with open(args.svg, "w") as f:
            f.write(report.picture(head, rows))
    return 0 if all(r.get("agrees") for r in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
