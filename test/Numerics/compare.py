"""Compare output_N.pb of two folders under a tolerance for each output."""
import glob
import os

import numpy as np
import onnx
from onnx import numpy_helper


def load(path):
    tensor = onnx.load_tensor(path)
    return tensor.name, numpy_helper.to_array(tensor)


def cosine(a, b):
    a, b = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
    norm = np.linalg.norm(a) * np.linalg.norm(b)
    return 1.0 if norm == 0 else float(a @ b / norm)


def difference(name, want, got, tolerance):
    """"" if `got` is close enough, else what is wrong."""
    if want.shape != got.shape or want.dtype != got.dtype:
        return f"output '{name}': expected {want.dtype}{list(want.shape)}, got {got.dtype}{list(got.shape)}"
    if want.size == 0:
        return ""
    if want.dtype.kind in "OSU":
        strings = lambda a: [s.decode() if isinstance(s, bytes) else str(s) for s in a.ravel()]
        return "" if strings(want) == strings(got) else f"output '{name}': strings differ"
    w, g = want.astype(np.float64), got.astype(np.float64)
    close = np.isclose(g, w, rtol=tolerance.get("rtol", 1e-3), atol=tolerance.get("atol", 1e-7), equal_nan=True)
    if not close.all():
        worst = np.unravel_index(np.argmax(np.where(close, 0, np.nan_to_num(np.abs(g - w), nan=np.inf))), w.shape)
        at = ",".join(map(str, worst))
        return f"output '{name}': {int((~close).sum())} of {w.size} elements differ, worst at [{at}]: expected {w[worst]:.6g}, got {g[worst]:.6g}"
    lowest = tolerance.get("min_cosine")
    if lowest is not None and cosine(w, g) < lowest:
        return f"output '{name}': cosine {cosine(w, g):.5f}, expected at least {lowest}"
    return ""


def compare(expected, got, tolerance):
    """"" if every output in folder `expected` has its like in `got`, else the first difference."""
    for path in sorted(glob.glob(os.path.join(expected, "output_*.pb"))):
        other = os.path.join(got, os.path.basename(path))
        if not os.path.exists(other):
            return f"no {os.path.basename(path)} was written"
        name, want = load(path)
        problem = difference(name, want, load(other)[1], tolerance.get(name, {}))
        if problem:
            return problem
    return ""
