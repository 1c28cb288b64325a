//===- Recurrent.cpp - recurrent networks and Scan-8 ------------------------------------------===//
#include "Upgrade.h"

using namespace mlir;
using namespace ingot;

// Whether the sequence is an output is told by the output's name.
static LogicalResult dropOutputSequence(Rewriter &r) {
  r.takeInt("output_sequence", 0);
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
    {"", "GRU", 7, dropOutputSequence},
    {"", "RNN", 7, dropOutputSequence},
    {"", "Scan", 9, scanOverBatch},
};
ArrayRef<OpsetRow> ingot::recurrentRows() { return kRows; }
