"""Runs a compiled digits model on every picture and compares with expected.txt:  digits-agrees-with-torch.py EXAMPLE LIBRARY WORK"""
import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import numpy_helper

example, library, work = sys.argv[1:]
agree = 0
for line in open(os.path.join(example, "expected.txt")):
    name, *expected = line.split()
    picture = os.path.join(example, "pictures", name.replace(".pgm", ".npy"))
    subprocess.check_call(["ingot-run", library, "--inputs", picture, "--outputs", work])
    got = numpy_helper.to_array(onnx.load_tensor(os.path.join(work, "output_0.pb")))
    np.testing.assert_allclose(got.ravel(), np.array(expected, float), rtol=1e-4, atol=2e-6)
    agree += 1
print(f"{agree} pictures agree")
