"""Compares every conversion from and to the narrow float types with tables made here by brute force.

usage: narrow-floats.py FOLDER    (ingotc and ingot-run are on the path)
"""
import subprocess
import sys

import numpy as np
import onnx
from onnx import numpy_helper

folder = sys.argv[1]
# name: exponent bits, mantissa bits, bias, what the highest codes are
FORMATS = {"f8E4M3FN": (4, 3, 7, "all ones"), "f8E4M3FNUZ": (4, 3, 8, "minus zero"), "f8E5M2": (5, 2, 15, "ieee"),
           "f8E5M2FNUZ": (5, 2, 16, "minus zero"), "f4E2M1FN": (2, 1, 1, "none")}
DATA_TYPE = {"f8E4M3FN": 17, "f8E4M3FNUZ": 18, "f8E5M2": 19, "f8E5M2FNUZ": 20, "f4E2M1FN": 23, "f8E8M0FNU": 24}


def value(code, name):
    exponent_bits, mantissa_bits, bias, special = FORMATS[name]
    width = exponent_bits + mantissa_bits
    sign, magnitude = code >> width & 1, code & (1 << width) - 1
    exponent, mantissa = magnitude >> mantissa_bits, magnitude & (1 << mantissa_bits) - 1
    if special == "minus zero" and sign and not magnitude or special == "all ones" and magnitude == (1 << width) - 1:
        return np.nan
    if special == "ieee" and exponent == (1 << exponent_bits) - 1:
        return np.nan if mantissa else (-1) ** sign * np.inf
    scale = max(exponent, 1) - bias - mantissa_bits
    return (-1.0) ** sign * (mantissa + ((1 << mantissa_bits) if exponent else 0)) * 2.0 ** scale


def nearest(x, name, saturate):
    """The value that Cast gives for x, by search over all codes."""
    special = FORMATS[name][3]
    codes = range(1 << (FORMATS[name][0] + FORMATS[name][1]))
    values = [(value(c, name), c) for c in codes]
    finite = sorted((v, c) for v, c in values if np.isfinite(v))
    largest, step = finite[-1][0], finite[-1][0] - finite[-2][0]
    if np.isnan(x):
        return 0.0 if special == "none" else np.nan
    magnitude, sign = abs(float(x)), -1.0 if np.signbit(x) else 1.0
    # Beyond the middle between the largest number and the next one that there would be.
    if magnitude > largest + step / 2 or (magnitude == largest + step / 2 and finite[-1][1] & 1):
        return sign * (largest if saturate or special == "none" else np.inf if special == "ieee" else np.nan)
    distance = min(abs(magnitude - v) for v, _ in finite)
    return sign * min((c & 1, v) for v, c in finite if abs(magnitude - v) == distance)[1]


def power_of_two(x, mode):
    magnitude = abs(float(x))
    if np.isnan(magnitude):
        return np.nan
    low = int(np.clip(np.floor(np.log2(magnitude)) if magnitude else -127, -127, 127)) if np.isfinite(magnitude) else 127
    if magnitude > 2.0 ** low and (mode == "up" or (mode == "nearest" and magnitude >= 1.5 * 2.0 ** low)):
        low = min(low + 1, 127)
    return 2.0 ** low


def run(name, model, inputs, results):
    """The values of the results by name."""
    with open(f"{folder}/{name}.mlir", "w") as file:
        file.write(model)
    subprocess.check_call(["ingotc", f"{folder}/{name}.mlir", "-o", f"{folder}/{name}.so"])
    arguments = []
    for key, array in inputs.items():
        np.save(f"{folder}/{key}.npy", array)
        arguments += ["--input", f"{key}={folder}/{key}.npy"]
    subprocess.check_call(["ingot-run", f"{folder}/{name}.so", *arguments, "--outputs", folder], stdout=subprocess.DEVNULL)
    tensors = [onnx.load_tensor(f"{folder}/output_{i}.pb") for i in range(len(results))]
    return {key: numpy_helper.to_array(tensor) for (key, _, _), tensor in zip(results, tensors)}


def function(arguments, results, body):
    types = ", ".join(type for _, type, _ in results)
    named = ", ".join(f'{type} {{onnx.name = "{name}"}}' for name, type, _ in results)
    returned = ", ".join(value for _, _, value in results)
    return f"func.func @main_graph({arguments}) -> ({named}) {{\n" + "\n".join(body) + f"\nreturn {returned} : {types}\n}}\n"


def check(what, inputs, got, expected):
    wrong = ~((got == expected) | (np.isnan(got) & np.isnan(expected)))
    for i in np.flatnonzero(wrong)[:3]:
        print(f"{what}: {inputs[i]!r} gives {got[i]!r}, expected {expected[i]!r}")
    print(what, "equal" if not wrong.any() else f"{wrong.sum()} of {wrong.size} differ")


# From each code.
body, results = [], []
for name in DATA_TYPE:
    # Codes of 4 bits come from the integers of that width.
    source, number = ("ui4", 21) if name == "f4E2M1FN" else ("ui8", 2)
    body += [f'%b{name} = onnx.Cast %x {{to = {number} : i64}} : (tensor<256xui8>) -> tensor<256x{source}>',
             f'%n{name} = onnx.BitCast %b{name} {{to = {DATA_TYPE[name]} : i64}} : (tensor<256x{source}>) -> tensor<256x{name}>',
             f'%f{name} = onnx.Cast %n{name} {{to = 1 : i64}} : (tensor<256x{name}>) -> tensor<256xf32>']
    results.append((f"from_{name}", "tensor<256xf32>", f"%f{name}"))
codes = np.arange(256, dtype=np.uint8)
got = run("from", function('%x: tensor<256xui8> {onnx.name = "codes"}', results, body), {"codes": codes}, results)
for name in FORMATS:
    check(f"from {name}", codes, got[f"from_{name}"], np.array([value(int(c), name) for c in codes], np.float32))
check("from f8E8M0FNU", codes, got["from_f8E8M0FNU"],
      np.array([np.nan if c == 255 else 2.0 ** (int(c) - 127) for c in codes], np.float32))

# To each: every value, every middle of two, and their neighbours.
points = {0.0, 1e-45, 1e-40, 3.0e38, np.inf, 1e30}
for name in FORMATS:
    finite = sorted(v for v in (value(c, name) for c in range(128)) if np.isfinite(v) and v >= 0)
    points |= set(finite) | {(a + b) / 2 for a, b in zip(finite, finite[1:])} | {finite[-1] + (finite[-1] - finite[-2]) / 2}
points |= {m * 2.0 ** e for e in range(-149, 128, 3) for m in (1.0, 1.25, 1.5, 1.75)}
exact = np.array(sorted(points), np.float32)
x = np.concatenate([exact, np.nextafter(exact, np.float32(np.inf)), np.nextafter(exact, np.float32(0)), [np.nan]]).astype(np.float32)
x = np.concatenate([x, -x])
shape = f"{x.size}x"
body, results = [], []
conversions = [(name, f"saturate = {s} : i64", f"{name}_{s}") for name in FORMATS for s in (0, 1)]
conversions += [("f8E8M0FNU", f'round_mode = "{mode}"', mode) for mode in ("up", "down", "nearest")]
for name, attribute, key in conversions:
    body += [f'%n{key} = onnx.Cast %x {{to = {DATA_TYPE[name]} : i64, {attribute}}} : (tensor<{shape}f32>) -> tensor<{shape}{name}>',
             f'%f{key} = onnx.Cast %n{key} {{to = 1 : i64}} : (tensor<{shape}{name}>) -> tensor<{shape}f32>']
    results.append((f"to_{key}", f"tensor<{shape}f32>", f"%f{key}"))
# An f64 just off the middle of two is rounded once, not first to that middle.
body += [f'%d = onnx.Cast %y {{to = 17 : i64}} : (tensor<4xf64>) -> tensor<4xf8E4M3FN>',
         '%df = onnx.Cast %d {to = 1 : i64} : (tensor<4xf8E4M3FN>) -> tensor<4xf32>']
results.append(("once", "tensor<4xf32>", "%df"))
y = np.array([1.0625 + 1e-12, 1.0625 - 1e-12, -1.1875 - 1e-12, -1.1875 + 1e-12])
got = run("to", function(f'%x: tensor<{shape}f32> {{onnx.name = "numbers"}}, %y: tensor<4xf64> {{onnx.name = "doubles"}}', results, body),
    {"numbers": x, "doubles": y}, results)
for name, attribute, key in conversions:
    wanted = [power_of_two(v, key) for v in x] if name == "f8E8M0FNU" else [nearest(v, name, key.endswith("_1")) for v in x]
    check(f"to {name} {attribute}", x, got[f"to_{key}"], np.array(wanted, np.float32))
check("once", y, got["once"], np.array([1.125, 1.0, -1.25, -1.125], np.float32))
