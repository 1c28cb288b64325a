"""Makes a case that differs small: nodes are taken out as long as results differ, their results become inputs with ONNX Runtime's values."""
import json
import os
import subprocess
import tempfile

import onnx
from onnx import helper, numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))


def load(path):
    tensor = onnx.TensorProto()
    tensor.ParseFromString(open(path, "rb").read())
    return tensor


def free_names(node):
    """What a node reads, its bodies included."""
    names = [n for n in node.input if n]
    for attribute in node.attribute:
        if attribute.HasField("g"):
            made = {v.name for v in attribute.g.input} | {t.name for t in attribute.g.initializer} | {o for n in attribute.g.node for o in n.output}
            names += [n for inner in attribute.g.node for n in free_names(inner) if n not in made]
    return names


class Reducer:
    def __init__(self, case, write_case, options):
        self.write_case, self.options = write_case, options
        self.model = onnx.load(os.path.join(case, "model.onnx"))
        info = json.load(open(os.path.join(case, "info.json")))["tolerance"]
        self.loosest = {"rtol": max(t["rtol"] for t in info.values()), "atol": max(t["atol"] for t in info.values())}
        self.tolerance = info
        data = os.path.join(case, "test_data_set_0")
        self.values = {v.name: load(os.path.join(data, f"input_{i}.pb")) for i, v in enumerate(self.model.graph.input)}
        self.folder = tempfile.mkdtemp()
        self.names = [o for n in self.model.graph.node for o in n.output if o and not o.startswith("q")]
        self.declared = {v.name: v for v in self.model.graph.input}

    def intermediate_values(self):
        everything = onnx.ModelProto()
        everything.CopyFrom(self.model)
        del everything.graph.output[:]
        everything.graph.output.extend(helper.ValueInfoProto(name=n) if hasattr(helper, "ValueInfoProto") else onnx.ValueInfoProto(name=n) for n in self.names)
        inputs = [self.values[v.name] for v in self.model.graph.input]
        folder = os.path.join(self.folder, "all", "case")
        self.write_case(folder, everything, inputs, {})
        done = subprocess.run([os.environ.get("ORT_PEER", "ort_peer"), "--cases", os.path.dirname(folder)], stdout=subprocess.PIPE, text=True)
        if "case ok" not in done.stdout:
            raise SystemExit("no values from ONNX Runtime: " + done.stdout)
        for i, name in enumerate(self.names):
            self.values[name] = load(os.path.join(folder, "test_data_set_0", f"output_{i}.pb"))
            self.values[name].name = name

    def build(self, nodes, outputs, folder):
        made = {o for n in nodes for o in n.output}
        read = [r for n in nodes for r in free_names(n)]
        weights = [t for t in self.model.graph.initializer if t.name in read]
        known = {t.name for t in weights} | made
        wanted = list(dict.fromkeys(r for r in read if r not in known))
        if any(w not in self.values for w in wanted):
            return False
        inputs = [self.declared.get(w) or helper.make_tensor_value_info(w, self.values[w].data_type, list(self.values[w].dims)) for w in wanted]
        results = [helper.make_tensor_value_info(o, self.values[o].data_type, None) for o in outputs]
        model = helper.make_model(helper.make_graph(nodes, "g", inputs, results, weights), opset_imports=self.model.opset_import, ir_version=self.model.ir_version)
        self.write_case(folder, model, [self.values[w] for w in wanted], {o: self.tolerance.get(o, self.loosest) for o in outputs}, [self.values[o] for o in outputs])
        return True

    def fails(self, nodes, outputs):
        folder = os.path.join(self.folder, "try", "case")
        if not nodes or not outputs or not self.build(nodes, outputs, folder):
            return False
        program = os.environ.get("INGOT_NUMERICS", os.path.join(HERE, "../../../build/release/bin/ingot-numerics"))
        done = subprocess.run([program, "--in-process", *self.options, os.path.dirname(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if done.returncode < 0:
            self.said = f"signal {-done.returncode}"
            return True
        said = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
        if said and "no data" not in said[0]:
            self.said = said[0]
            return True
        return False

    def run(self, to):
        nodes, outputs = list(self.model.graph.node), [o.name for o in self.model.graph.output]
        self.intermediate_values()
        if not self.fails(nodes, outputs):
            print("does not fail")
            return 1
        for output in outputs:
            if self.fails(nodes, [output]):
                outputs = [output]
                break
        else:
            # One node whose result differs while its operands are right is the best there is.
            pass
        for node in nodes:
            own = [o for o in node.output if o in self.values]
            if own and self.fails([node], own):
                nodes, outputs = [node], own
                for output in own:
                    if self.fails([node], [output]):
                        outputs = [output]
                break
        smaller = True
        while smaller:
            smaller = False
            for node in list(nodes):
                rest = [n for n in nodes if n is not node]
                ends = [o for o in outputs if o not in node.output] or [o for n in rest for o in n.output if o in self.values and o in
                                                                        {r for r in free_names(node)}]
                if rest and self.fails(rest, ends):
                    nodes, outputs, smaller = rest, ends, True
        self.fails(nodes, outputs)
        self.build(nodes, outputs, to)
        print(self.said)
        return 0


def reduce(case, to, write_case, options):
    return Reducer(case, write_case, options).run(to)
