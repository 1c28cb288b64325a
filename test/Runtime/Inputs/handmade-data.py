"""Writes test data of the hand-written model into a folder, as input_N and output_N, and as wrong_input_N and wrong_output_N."""
import sys

import numpy as np
from onnx import numpy_helper


def save(name, array):
    if name.endswith(".npy"):
        np.save(name, array)
    else:
        with open(name, "wb") as f:
            f.write(numpy_helper.from_array(array).SerializeToString())


x = np.arange(12, dtype=np.float32).reshape(4, 3)
scale = np.array([1, 10, 100], np.float32)
pick = np.array([0, 3], np.int64)
y = 2 * x * scale
for prefix in ("input", "wrong_input"):
    save(f"{sys.argv[1]}/{prefix}_0.npy", x)
    save(f"{sys.argv[1]}/{prefix}_1.pb", scale)
    save(f"{sys.argv[1]}/{prefix}_2.npy", pick)
save(f"{sys.argv[1]}/output_0.pb", y)
save(f"{sys.argv[1]}/output_1.npy", y[pick])
save(f"{sys.argv[1]}/output_2.pb", np.nonzero(y.sum(1) > 0)[0].astype(np.int64))
wrong = y.copy()
wrong[0, 1], wrong[1, 2] = 20.5, 900
save(f"{sys.argv[1]}/wrong_output_0.pb", wrong)
save(f"{sys.argv[1]}/wrong_output_1.pb", y[pick].reshape(3, 2))
