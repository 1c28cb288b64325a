# How lit runs the tests below this folder; the paths come from lit.site.cfg.py, which CMake writes into the build folder.
import os

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
