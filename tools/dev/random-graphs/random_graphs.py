#!/usr/bin/python3
"""Random valid models, compared with ONNX Runtime.

usage:  random_graphs.py generate FOLDER [--count N] [--seed S] [--nodes N] [--only PART]   write cases FOLDER/<seed>/model.onnx with inputs
        random_graphs.py expect   FOLDER [--level N]       let ONNX Runtime compute the outputs; a model that it refuses is dropped and counted
        random_graphs.py compare  FOLDER [OPTION...]       compile and run all with ingot-numerics (and its options, such as --symbolic), sort what differs
        random_graphs.py reduce   CASE TO [OPTION...]      the fewest nodes of a case whose results still differ, as a case
        random_graphs.py run      FOLDER [--count N] [--seed S] ...                          the first three, one after the other

With --symbolic no size of an input is known when the model is compiled; what then depends on the length of an input is refused by name.

A case is one that ingot-numerics reads. Sizes of inputs are symbolic in half of the models. The seed of a model is its name: the same seed gives
the same model. Differences for which ONNX Runtime departs from ONNX are told in explained.txt beside this program, with the reason.
Needs ORT_PEER, the program built from bench/ort_peer.cc, and what that needs.
"""
import argparse
import collections
import fnmatch
import json
import os
import random
import re
import shutil
import subprocess
import sys

import numpy
import onnx
from onnx import numpy_helper

import contraction
import control
import elementwise
import indexing
import learning
import movement
import quantization
import reducer
import signals
import transformers
from builder import EPSILON, Builder, Unfit

HERE = os.path.dirname(os.path.abspath(__file__))
FAMILIES = (elementwise, movement, indexing, contraction, quantization, control, signals, learning, transformers)


def table(only=None):
    rows = [row for family in FAMILIES for row in family.OPS]
    return [r for r in rows if not only or any(fnmatch.fnmatch(r[0].__name__, pattern) for pattern in only.split(","))]


def make(seed, nodes, only):
    """The model of a seed with its inputs and outputs; operators that do not fit are drawn again."""
    rng = random.Random(seed)
    while True:
        b = Builder(rng, rng.choice([13, 15, 17, 18, 19, 20, 21, 22, 23]))
        rows = [r for r in table(only) if r[2] <= b.opset]
        if not rows:
            continue
        wanted = rng.randint(1, nodes)
        for _ in range(60 * wanted):
            if len(b.nodes) >= wanted:
                break
            function = rng.choices([r[0] for r in rows], [r[1] for r in rows])[0]
            kept = len(b.nodes), len(b.values), len(b.inputs), len(b.initializers), set(b.used)
            try:
                function(b)
            except (Unfit, OverflowError, ZeroDivisionError):
                del b.nodes[kept[0]:], b.values[kept[1]:], b.inputs[kept[2]:], b.initializers[kept[3]:]
                b.used = kept[4]
        if b.nodes:
            return b.model()


def tolerances(outputs):
    result = {}
    for v in outputs:
        if v.type in EPSILON:
            result[v.name] = {"rtol": 4 * EPSILON[v.type], "atol": 4 * v.err + EPSILON[v.type] * 1e-2}
        else:
            result[v.name] = {"rtol": 0, "atol": v.err}
    return result


def write_case(folder, model, inputs, tolerance, outputs=()):
    data = os.path.join(folder, "test_data_set_0")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(data)
    onnx.save(model, os.path.join(folder, "model.onnx"))
    for kind, tensors in (("input", inputs), ("output", outputs)):
        for i, tensor in enumerate(tensors):
            with open(os.path.join(data, f"{kind}_{i}.pb"), "wb") as file:
                file.write(tensor.SerializeToString())
    with open(os.path.join(folder, "info.json"), "w") as file:
        json.dump({"tolerance": tolerance}, file)


def generate(args):
    counts = collections.Counter()
    for seed in range(args.seed, args.seed + args.count):
        model, inputs, outputs = make(seed, args.nodes, args.only)
        counts.update(n.op_type for n in model.graph.node)
        write_case(os.path.join(args.folder, str(seed)), model, [numpy_helper.from_array(v.array, v.name) for v in inputs], tolerances(outputs))
    print(f"{args.count} models with {sum(counts.values())} nodes of {len(counts)} operators:", " ".join(f"{n}:{c}" for n, c in sorted(counts.items())))


def first_lines(counter, most):
    for text, names in sorted(counter.items(), key=lambda item: -len(item[1]))[:most]:
        print(f"{len(names):6}  {text}  ({', '.join(names[:4])})")


def expect(args):
    done = subprocess.run([os.environ.get("ORT_PEER", "ort_peer"), "--cases", args.folder, "--level", str(args.level)], stdout=subprocess.PIPE, text=True)
    refused, taken = collections.defaultdict(list), 0
    for line in done.stdout.splitlines():
        name, _, message = line.partition(": ")
        if not message:
            taken += 1
            continue
        message = re.sub(r".*(running|Status Message:|failed:)", r"\1", message)
        refused[re.sub(r"[0-9]+|'[^']*'|\"[^\"]*\"|node:\S+|Name:\S+|\([^)]*\)", "#", message)[:150]].append(name)
        shutil.rmtree(os.path.join(args.folder, name))
    print(f"ONNX Runtime gave outputs for {taken}, refused {sum(map(len, refused.values()))}:")
    first_lines(refused, 40)


def explanations():
    """Pattern of a message and of the operators of a model, and the reason."""
    rows = []
    for line in open(os.path.join(HERE, "explained.txt")):
        if line.strip() and not line.startswith("#"):
            operator, message, reason = [part.strip() for part in line.split("  ") if part.strip()]
            rows.append((operator, message, reason))
    return rows


def compare(args, options):
    listed = os.path.join(args.folder, "failed.txt")
    program = os.environ.get("INGOT_NUMERICS", os.path.join(HERE, "../../../build/release/bin/ingot-numerics"))
    done = subprocess.run([program, "--quiet", "--list", listed, args.folder] + options, stdout=subprocess.PIPE, text=True)
    differing, explained = collections.defaultdict(list), collections.Counter()
    for line in open(listed):
        if line.startswith("#"):
            continue
        name, message = [part.strip() for part in line.split("  ", 1)]
        model = onnx.load(os.path.join(args.folder, os.path.basename(name), "model.onnx"))
        operators = {n.op_type for n in model.graph.node}
        reason = next((r for o, m, r in explanations() if (o == "*" or set(o.split("+")) <= operators) and re.search(m, message)), None)
        if reason:
            explained[reason] += 1
        else:
            kind = message.split(":")[0]
            text = re.sub(r'node "[^"]*"|"[^"]*"', "#", re.sub(r"-?[0-9][0-9.e+-]*", "#", message))[:110]
            differing[text + (f" [{'+'.join(sorted(operators))}]" if len(operators) == 1 and kind == "differs" else "")].append(os.path.basename(name))
    print("\n".join(done.stdout.splitlines()[-2:]))
    for reason, count in explained.most_common():
        print(f"explained {count:4}  {reason}")
    print(f"{sum(map(len, differing.values()))} unexplained:")
    first_lines(differing, 80)
    return 1 if differing else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["generate", "expect", "compare", "reduce", "run"])
    parser.add_argument("folder")
    parser.add_argument("to", nargs="?")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nodes", type=int, default=12)
    parser.add_argument("--level", type=int, default=0)
    parser.add_argument("--only", help="only operators whose function matches one of these patterns, with commas between them")
    args, options = parser.parse_known_args()
    if args.what == "reduce":
        return reducer.reduce(args.folder, args.to, write_case, options)
    if args.what in ("generate", "run"):
        generate(args)
    if args.what in ("expect", "run"):
        expect(args)
    if args.what in ("compare", "run"):
        return compare(args, options)


if __name__ == "__main__":
    sys.exit(main())
