"""Where model cases with expected outputs are, and what they consist of.

The folder ../shared beside the repository has the ONNX backend cases of a recent version and real models; where it is not there, the package
libonnx-testdata has older backend cases.
"""
import collections
import glob
import json
import os
import tempfile

BACKEND_SETS = ("node", "simple", "pytorch-operator", "pytorch-converted")
PACKAGED = "/usr/share/libonnx-testdata/data"

# name: SET/CASE; source: names the file in passing/; data: folders with input_N.pb and output_N.pb;
# tolerance: None (that of ONNX's runner), or by output name {"rtol", "atol", "min_cosine"}
Case = collections.namedtuple("Case", "name set source model data tolerance")


scratch = []  # folders of links; they go when the program ends


def backend(folder, source, wanted):
    for name in BACKEND_SETS:
        for model in sorted(glob.glob(os.path.join(folder, name, "*", "model.onnx"))) if name in wanted else ():
            case = os.path.dirname(model)
            data = sorted(glob.glob(os.path.join(case, "test_data_set_*")))
            yield Case(f"{name}/{os.path.basename(case)}", name, source, model, data, None)


def light(folder):
    """Real architectures, flat files; the data gets a folder of its own by links."""
    for model in sorted(glob.glob(os.path.join(folder, "light", "*.onnx"))):
        stem = model[:-len(".onnx")]
        scratch.append(tempfile.TemporaryDirectory(prefix="ingot-light-"))
        data = scratch[-1].name
        for kind in ("input_0", "output_0"):
            os.symlink(f"{stem}_{kind}.pb", os.path.join(data, kind + ".pb"))
        yield Case("light/" + os.path.basename(stem), "light", "shared", model, [data], None)


def real(folder):
    for info in sorted(glob.glob(os.path.join(folder, "*", "info.json"))):
        case = os.path.dirname(info)
        with open(info) as f:
            facts = json.load(f)
        data = sorted(glob.glob(os.path.join(case, "test_data_set_*")))
        yield Case("models/" + os.path.basename(case), "models", "shared", os.path.join(case, "model.onnx"), data, facts["tolerance"])


def find(root, sets):
    """The cases of the named sets, all of them where none is named."""
    shared = os.path.join(os.path.dirname(root), "shared")
    wanted = sets or [*BACKEND_SETS, "light", "models"]
    cases = []
    newer = os.path.join(shared, "onnx-backend-tests")
    if os.path.isdir(newer):
        cases += backend(newer, "shared", wanted)
        cases += light(newer) if "light" in wanted else []
    else:
        cases += backend(PACKAGED, "packaged", wanted)
    if "models" in wanted:
        cases += real(os.path.join(shared, "models"))
    return cases
