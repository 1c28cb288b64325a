#!/usr/bin/python3
"""Write docs/Reference/Operators.md: every row of the op table, and how many cases with that operator pass.

usage:  support-table.py --cases DIR [--cases DIR...] --failed FILE [--symbolic-failed FILE]      writes the page
        support-table.py --check                                                                  exit 1 unless the page has every row

DIR holds folders of cases as ingot-numerics reads them; FILE is what `ingot-numerics --list=FILE` wrote about them, with fixed and with
symbolic sizes. A case counts for each operator in its graph, its subgraphs and its functions; one that fails with a message that names an
operator counts for that one alone.
"""
import argparse
import collections
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "docs", "Reference", "Operators.md")
TABLE = os.path.join(ROOT, "include", "ingot", "Dialect", "ONNX", "ONNXOps.td")
LLVM = "/usr/lib/llvm-22"
# Rows that are no operators of a model.
INTERNAL = {"NoValue", "Yield", "Custom"}
DOMAINS = {"ml": "ai.onnx.ml", "ms": "com.microsoft", "preview": "ai.onnx.preview", "training": "ai.onnx.preview.training"}

SHORT = [(r"(\d+)-bit signless integer", r"i\1"), (r"(\d+)-bit unsigned integer", r"u\1"), (r"(\d+)-bit float", r"f\1"),
         (r"bfloat16 type", "bf16"), (r"1-bit signless integer", "bool"), (r"\bi1\b", "bool"), (r"tensor of ", ""), (r" values", ""),
         (r"any type", "all"), (r"a byte string, as a tensor element", "string"), (r" or ", " ")]


def rows():
    """(domain, operator, newest version, element types of the first operand) of every row."""
    text = subprocess.run([f"{LLVM}/bin/llvm-tblgen", "-dump-json", "-I", os.path.join(ROOT, "include"), "-I", f"{LLVM}/include", TABLE],
                          check=True, stdout=subprocess.PIPE, text=True).stdout
    records = json.loads(text)
    for name in records["!instanceof"]["Op"]:
        record = records[name]
        if record["opDialect"]["def"] != "ONNX_Dialect" or record["opName"] in INTERNAL:
            continue
        prefix, _, operator = record["opName"].rpartition(".")
        operands = record["arguments"]["args"]
        yield DOMAINS.get(prefix, "ai.onnx"), operator, record.get("sinceVersion", 0), types(records, operands[0][0]) if operands else ""


def types(records, constraint):
    summary = records.get(constraint.get("def"), {}).get("summary") or ""
    for pattern, short in SHORT:
        summary = re.sub(pattern, short, summary)
    return summary if len(summary) < 90 else "all"


def operators(graph):
    for node in graph.node:
        yield node.domain or "ai.onnx", node.op_type
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs] if attribute.HasField("g") or attribute.graphs else []:
                yield from operators(inner)


def cases(folders):
    """The operators of each case, by the case's name."""
    import onnx
    for folder in folders:
        for path, _, files in os.walk(folder):
            if "model.onnx" not in files:
                continue
            model = onnx.ModelProto()
            with open(os.path.join(path, "model.onnx"), "rb") as f:
                model.ParseFromString(f.read())
            used = set(operators(model.graph))
            for function in model.functions:
                used |= set(operators(function))
            yield "/".join(os.path.abspath(path).split(os.sep)[-2:]), used


def failures(path):
    with open(path) as f:
        return dict(line.rstrip("\n").split("  ", 1) for line in f if line.strip() and not line.startswith("#"))


def count(used, failed):
    total, passed, reasons = collections.Counter(), collections.Counter(), collections.defaultdict(list)
    for name, ops in used.items():
        blamed = re.search(r'node "[^"]*" \((\w+)\)', failed.get(name, ""))
        if blamed:
            # It says nothing of the other operators.
            ops = [op for op in ops if op[1] == blamed.group(1)] or ops
        for op in ops:
            total[op] += 1
            if name in failed:
                reasons[op].append(f"{name.split('/')[-1]}: {failed[name]}")
            else:
                passed[op] += 1
    return total, passed, reasons


def write(args):
    used = dict(cases(args.cases))
    total, passed, reasons = count(used, failures(args.failed))
    symbolic = count(used, failures(args.symbolic_failed))[1] if args.symbolic_failed else {}
    lines = ["# Operators", "",
             "Written by `tools/dev/support-table.py` from the op table and the results of `ingot-numerics`; every older version of an operator is",
             "rewritten to the newest at import. Cases are ONNX's own and real models; the second count has every size of every input unknown at",
             "compile time. Operators of com.microsoft that have no row are rewritten to these (lib/Import/Opset).", ""]
    by_domain = collections.defaultdict(list)
    for row in rows():
        by_domain[row[0]].append(row[1:])
    for domain in sorted(by_domain):
        lines += [f"## {domain}", "", "| operator | version | types of the first input | cases | cases, symbolic | remarks |", "|---|---|---|---|---|---|"]
        for operator, version, admitted in sorted(by_domain[domain]):
            key = (domain, operator)
            n = total.get(key, 0)
            remark = "" if n else "no case"
            if reasons.get(key):
                first = reasons[key][0].replace("|", "\\|")
                remark = f"{first[:140]}" + (f" (and {len(reasons[key]) - 1} more)" if len(reasons[key]) > 1 else "")
            dynamic = f"{symbolic.get(key, 0)} of {n}" if symbolic and n else ""
            lines.append(f"| {operator} | {version} | {admitted} | {f'{passed.get(key, 0)} of {n}' if n else ''} | {dynamic} | {remark} |")
        lines.append("")
    with open(PAGE, "w") as f:
        f.write("\n".join(lines))


def check():
    with open(PAGE) as f:
        listed = set(re.findall(r"^\| (\w+) \|", f.read(), re.M)) - {"operator"}
    have = {operator for _, operator, _, _ in rows()}
    for name in sorted(have - listed):
        print(f"'{name}' is in the op table and not in docs/Reference/Operators.md; run tools/dev/support-table.py")
    for name in sorted(listed - have):
        print(f"'{name}' is in docs/Reference/Operators.md and not in the op table; run tools/dev/support-table.py")
    if have == listed:
        print("every row is listed")
    return 0 if have == listed else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", action="append", default=[], metavar="DIR")
    parser.add_argument("--failed", metavar="FILE")
    parser.add_argument("--symbolic-failed", metavar="FILE")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    if args.check:
        return check()
    if not args.cases or not args.failed:
        parser.error("expected --cases and --failed, or --check")
    write(args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
