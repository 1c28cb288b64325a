#!/usr/bin/env python3
"""Compiles the ONNX models that a test describes and runs each on the inputs that follow it, printing a status or the results.

A test file holds, behind its RUN and CHECK lines, sections:

    --- model NAME
    <ir_version: 8, opset_import: ["": 17]>
    main (float[N] x, int64[M] i) => (float[K] y) { y = Gather <axis = 0> (x, i) }
    --- runs
    x=[1, 2, 3], i=[0, -1]           # one run a line: an expression with numpy's names for each input, in the input's type
    x=[1, 2, 3], i=[3]

Printed for each run: "ok y=[1, 3]" with the results, "status" with the message, or "CRASH" with the signal.

usage: run_onnx.py TEST FOLDER [--statistics] [--sanitize=RUNTIME] [-O0]

--statistics prints shape, mean and standard deviation of results instead of the results. --sanitize compiles with --sanitize=address,undefined and runs with
RUNTIME, AddressSanitizer's shared library: what it finds is a CRASH, and messages of memory that is not there may differ.
"""
import os
import re
import subprocess
import sys

import numpy
import onnx
import onnx.mapping
import onnx.parser


def sections(text):
    """Yields (name, model text, lines of runs)."""
    for part in re.split(r"^--- model ", text, flags=re.M)[1:]:
        head, _, runs = part.partition("--- runs\n")
        name, _, model = head.partition("\n")
        yield name.strip(), model, [line for line in runs.splitlines() if line.strip()]


def shown(name, value, statistics):
    if statistics:
        v = value.astype(numpy.float64)
        return f"{name} {list(v.shape)} mean={v.mean():.3f} deviation={v.std():.3f} least={v.min():.3f} most={v.max():.3f}"
    return name + "=" + numpy.array2string(value, separator=", ", max_line_width=10**9, precision=4, suppress_small=True).replace("\n", "")


def run(library, model, line, folder, statistics, runtime):
    names = dict(vars(numpy), inf=numpy.inf, nan=numpy.nan)
    inputs = eval("dict(" + line + ")", names)
    files = []
    for info in model.graph.input:
        dtype = onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[info.type.tensor_type.elem_type]
        files.append(os.path.join(folder, info.name + ".npy"))
        numpy.save(files[-1], numpy.asarray(inputs[info.name], dtype=dtype))
    results = {info.name: os.path.join(folder, info.name + ".out.npy") for info in model.graph.output}
    environment = dict(os.environ)
    if runtime:
        environment.update(LD_PRELOAD=runtime, ASAN_OPTIONS="detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=8192")
    command = ["ingot-run", library] + [option for name, path in results.items() for option in ("--output", f"{name}={path}")]
    command += ["--inputs"] + files if files else []
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, env=environment)
    text = " ".join(done.stdout.decode(errors="replace").split())
    if "AddressSanitizer:" in text or "Assertion `" in text:
        return f"CRASH {text}"
    if done.returncode < 0:
        return f"CRASH by signal {-done.returncode}: {text}"
    if done.returncode != 0:
        return f"status: {text}"
    values = []
    for name, path in results.items():
        values.append(shown(name, numpy.load(path), statistics))
    return "ok " + " ".join(values)


def main():
    test, folder, *options = sys.argv[1:]
    runtime = next((o.partition("=")[2] for o in options if o.startswith("--sanitize=")), None)
    os.makedirs(folder, exist_ok=True)
    for name, text, lines in sections(open(test).read()):
        print("==", name, flush=True)
        model = onnx.parser.parse_model(text)
        path = os.path.join(folder, name)
        onnx.save(model, path + ".onnx")
        done = subprocess.run(["ingotc", path + ".onnx", "-o", path + ".so"] + (["--sanitize=address,undefined", "-O0"] if runtime else [o for o in options if o == "-O0"]), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            print("refused:", " ".join(done.stdout.decode(errors="replace").split()), flush=True)
            continue
        for line in lines:
            print(f"{line} -> {run(path + '.so', model, line, folder, '--statistics' in options, runtime)}", flush=True)


main()
