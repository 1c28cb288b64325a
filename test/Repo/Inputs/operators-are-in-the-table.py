#!/usr/bin/python3
"""Every operator of ONNX, as its own schemas or a newer specification list them, has a row in the op table, a rewrite at import, or a reason.

usage:  operators-are-in-the-table.py ROOT

The schemas are those of python3-onnx, and ../shared/onnx-spec/ops.json beside the repository where there is one. A row must be of the newest version
of its operator: older versions are rewritten to it.
"""
import glob
import json
import os
import re
import sys

# Neither a row nor a rewrite, and why.
EXCEPTIONS = {
    ("ai.onnx.preview.training", "Gradient"): "differentiates a graph, which is no operator of inference",
}


def schemas(root):
    """(domain, operator) to its newest version."""
    import onnx.defs
    newest = {}
    found = [(s.domain, s.name, s.since_version) for s in onnx.defs.get_all_schemas_with_history()]
    path = os.path.join(root, "..", "shared", "onnx-spec", "ops.json")
    if os.path.exists(path):
        with open(path) as f:
            found += [(op["domain"], op["op"], op["since"]) for op in json.load(f)]
    for domain, name, version in found:
        key = ("" if domain == "ai.onnx" else domain, name)
        newest[key] = max(newest.get(key, 0), version)
    return newest


def main():
    root = sys.argv[1]
    sys.path.insert(0, os.path.join(root, "tools", "dev"))
    sys.dont_write_bytecode = True
    from importlib.machinery import SourceFileLoader
    table = SourceFileLoader("support_table", os.path.join(root, "tools", "dev", "support-table.py")).load_module()
    rows = {("" if domain == "ai.onnx" else domain, name): version for domain, name, version, _ in table.rows()}
    rewrites = set()
    for path in glob.glob(os.path.join(root, "lib", "Import", "**", "*.cpp"), recursive=True):
        with open(path) as f:
            rewrites |= set(re.findall(r'"([A-Z]\w+)"', f.read()))
    wrong = 0
    for (domain, name), version in sorted(schemas(root).items()):
        where = f"'{name}' of domain '{domain or 'ai.onnx'}'"
        if (domain, name) in EXCEPTIONS:
            continue
        if (domain, name) not in rows and name not in rewrites:
            print(f"{where} has neither a row nor a rewrite nor a reason")
            wrong += 1
        # A row without a version is not called by one: Constant is read by the importer itself.
        elif 0 < rows.get((domain, name), 0) < version:
            print(f"the row of {where} is of version {rows[(domain, name)]}, expected {version}")
            wrong += 1
    if not wrong:
        print("every operator has a row, a rewrite or a reason")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
