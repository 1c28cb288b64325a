"""Prints by how many units in the last place functions and sums of f32 differ from those of double precision.

usage: accuracy.py FOLDER    (ingotc and ingot-run are on the path)
"""
import math
import subprocess
import sys

import numpy as np
import onnx
from onnx import numpy_helper

folder = sys.argv[1]
SIZE = 1 << 14
random = np.random.default_rng(1)


def around(*ranges):
    return np.concatenate([random.uniform(low, high, SIZE // len(ranges)) for low, high in ranges]).astype(np.float32)


def vectorized(f):
    return lambda x: np.array([f(v) for v in x])


FUNCTIONS = {"Exp": (around((-87, 88.5), (-1, 1)), np.exp),
             "Log": (np.exp(around((-80, 80), (-0.2, 0.3))), np.log),
             "Tanh": (around((-10, 10), (-1, 1), (-0.1, 0.1), (-0.001, 0.001)), np.tanh),
             "Erf": (around((-4.5, 4.5), (-1, 1), (-0.1, 0.1), (-0.001, 0.001)), vectorized(math.erf)),
             "Sin": (around((-100, 100), (-4, 4)), np.sin),
             "Cos": (around((-100, 100), (-4, 4)), np.cos),
             "Elu": (around((-20, 5), (-1, 1), (-0.1, 0.1), (-0.001, 0.001)), lambda x: np.where(x < 0, np.expm1(x), x)),
             "Pow": (np.exp(around((-5, 5), (-0.1, 0.1))), lambda x: np.power(x, 2.5))}
exponents = np.full(SIZE, 2.5, np.float32)
ROWS, COLUMNS = 4096, 24
table = random.uniform(0.0999, 0.1001, (ROWS, COLUMNS)).astype(np.float32)
vector, matrix = f"tensor<{SIZE}xf32>", f"tensor<{ROWS}x{COLUMNS}xf32>"

arguments, body, results, inputs = [], [], [], {}
for name, (x, _) in FUNCTIONS.items():
    inputs[name] = x
    arguments.append(f'%{name}: {vector} {{onnx.name = "{name}"}}')
    operands, types = (f"%{name}, %exponents", f"{vector}, {vector}") if name == "Pow" else (f"%{name}", vector)
    body.append(f"%y{name} = onnx.{name} {operands} : ({types}) -> {vector}")
    results.append((name, vector, f"%y{name}"))
inputs |= {"exponents": exponents, "table": table}
arguments += [f'%exponents: {vector} {{onnx.name = "exponents"}}', f'%table: {matrix} {{onnx.name = "table"}}']
for name, axis, size in (("down", 0, COLUMNS), ("along", 1, ROWS)):
    body += [f"%axes{name} = onnx.Constant {{value = dense<{axis}> : tensor<1xi64>}} : tensor<1xi64>",
             f"%y{name} = onnx.ReduceSum %table, %axes{name} {{keepdims = 0 : i64}} : ({matrix}, tensor<1xi64>) -> tensor<{size}xf32>"]
    results.append((name, f"tensor<{size}xf32>", f"%y{name}"))
with open(f"{folder}/accuracy.mlir", "w") as file:
    named = ", ".join(f'{type} {{onnx.name = "{name}"}}' for name, type, _ in results)
    file.write(f"func.func @main_graph({', '.join(arguments)}) -> ({named}) {{\n" + "\n".join(body) +
               f"\nreturn {', '.join(v for _, _, v in results)} : {', '.join(t for _, t, _ in results)}\n}}\n")
subprocess.check_call(["ingotc", f"{folder}/accuracy.mlir", "-o", f"{folder}/accuracy.so"])
flags = []
for name, array in inputs.items():
    np.save(f"{folder}/{name}.npy", array)
    flags += ["--input", f"{name}={folder}/{name}.npy"]
subprocess.check_call(["ingot-run", f"{folder}/accuracy.so", *flags, "--outputs", folder], stdout=subprocess.DEVNULL)

for i, (name, _, _) in enumerate(results):
    got = numpy_helper.to_array(onnx.load_tensor(f"{folder}/output_{i}.pb")).astype(np.float64)
    if name in FUNCTIONS:
        x, exact = FUNCTIONS[name]
        expected = exact(x.astype(np.float64))
    else:
        x, expected = np.arange(got.size), table.astype(np.float64).sum(axis=0 if name == "down" else 1)
    error = np.abs(got - expected) / np.spacing(np.abs(expected).astype(np.float32))
    worst = error.argmax()
    limit = 2 if name in FUNCTIONS else 8
    print(name, "ok" if error[worst] <= limit else f"off by {error[worst]:.2f} units at {x[worst]}")
