# How lit runs the tests below this folder; the paths come from lit.site.cfg.py, which CMake writes into the build folder.
import os
import shutil
import subprocess

import lit.formats

config.name = "Ingot"
config.test_format = lit.formats.ShTest(execute_external=True)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "unit"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.ingot_build, "test")

# Tools are named without a path: ours, then FileCheck and its like.
config.environment["PATH"] = os.pathsep.join([os.path.join(config.ingot_build, "bin"), config.llvm_tools, os.environ.get("PATH", "")])
config.environment["PYTHONPATH"] = os.environ.get("PYTHONPATH", "")
config.substitutions.append(("%handmade", os.path.join(config.ingot_build, "test", "unit", "Runtime", "libhandmade")))
config.substitutions.append(("%build", config.ingot_build))

# What not every machine has; a test names it with REQUIRES.
if shutil.which("valgrind"):
    config.available_features.add("valgrind")
if os.path.isabs(subprocess.run(["cc", "-print-file-name=libtsan.so"], stdout=subprocess.PIPE, text=True).stdout.strip()):
    config.available_features.add("tsan")
if shutil.which("aarch64-linux-gnu-gcc") and shutil.which("qemu-aarch64"):
    config.available_features.add("aarch64")
asan_runtime = subprocess.run(["clang-22", "-print-file-name=libclang_rt.asan-x86_64.so"], stdout=subprocess.PIPE, text=True).stdout.strip()
if os.path.isabs(asan_runtime):
    config.available_features.add("asan-runtime")
    config.substitutions.append(("%asan_runtime", asan_runtime))

if shutil.which("qemu-x86_64"):
    config.available_features.add("qemu-x86_64")
# Cases of ONNX's own suite (libonnx-testdata).
if os.path.isdir("/usr/share/libonnx-testdata/data/node"):
    config.available_features.add("onnx-testdata")
config.substitutions.append(("%testdata", "/usr/share/libonnx-testdata/data"))

# The Python that has the ONNX packages, to build small models (make_onnx.py).
config.substitutions.append(("%python", "/usr/bin/python3"))
