//===- Recurrent.cpp - recurrent networks and Scan-8 ------------------------------------------===//
#include "Upgrade.h"

using namespace mlir;
using namespace ingot;

// Whether the sequence is an output is told by the output's name.
static LogicalResult dropOutputSequence(Rewriter &r) {
  r.takeInt("output_sequence", 0);
  return success();
}

// GRU-1's schema misspells the default of its direction, and some write defaults out.
static LogicalResult spellDirection(Rewriter &r) {
  if (auto direction = dyn_cast_or_null<StringAttr>(r.node.attributes.get("direction")); direction && direction.getValue() == "foward")
    r.node.attributes.set("direction", r.b.getStringAttr("forward"));
  return success();
}

// The default of RNN's activations is that of two directions whatever the direction: one takes the first.
static LogicalResult oneDefaultActivation(Rewriter &r) {
  auto direction = dyn_cast_or_null<StringAttr>(r.node.attributes.get("direction"));
  Attribute both = r.b.getStrArrayAttr({"Tanh", "Tanh"});
  if (r.node.attributes.get("activations") == both && !(direction && direction.getValue() == "bidirectional"))
    r.node.attributes.set("activations", r.b.getStrArrayAttr({"Tanh"}));
  return success();
}

// Scan-8 runs once for each element of a batch (dimension 0 of everything); the graph builder wraps a Scan over the batch around it.
static LogicalResult scanOverBatch(Rewriter &r) {
  if (r.operand(0)) return r.error() << "has lengths of sequences, which are not supported in version 8 of Scan; expected none";
  if (r.node.operands.empty()) return r.error() << "expected an input 'sequence_lens', which may be absent";
  r.node.operands.erase(r.node.operands.begin());
  if (Attribute directions = r.node.attributes.erase("directions")) r.node.attributes.set("scan_input_directions", directions);
  r.node.isBatchedScan = true;
  return success();
}

static constexpr OpsetRow kRows[] = {
    {"", "LSTM", 7, dropOutputSequence},
    {"", "GRU", 3, spellDirection},
    {"", "GRU", 7, dropOutputSequence},
    {"", "RNN", 7, dropOutputSequence},
    {"", "RNN", kAnyVersion, oneDefaultActivation},
    {"", "Scan", 9, scanOverBatch},
};
ArrayRef<OpsetRow> ingot::recurrentRows() { return kRows; }
