//===- RecurrentCell.h - what LSTM, GRU and RNN share -----------------------------------===//
#ifndef INGOT_CONVERSION_RECURRENTCELL_H
#define INGOT_CONVERSION_RECURRENTCELL_H

#include "ComputeBuilder.h"
#include "ingot/Conversion/ONNXToLinalg.h"

namespace ingot {

/// One activation function of a cell with its parameters.
struct Activation {
  std::string name;
  double alpha = 0, beta = 0;
  mlir::Value apply(ScalarBuilder &s, mlir::Value x) const;
};

/// The attributes of a recurrent operator.
struct RecurrentAttributes {
  llvm::StringRef direction;
  std::optional<mlir::ArrayAttr> activations;
  std::optional<llvm::ArrayRef<float>> alpha, beta;
  std::optional<double> clip;
  bool batchMajor;
};

/// Operands of a recurrent operator after lowering; null where absent.
struct RecurrentOperands {
  mlir::Value x, w, r, bias, lengths, initialH, initialC, peepholes;
};

/// Unrolls time: for each direction the input product of all steps is one contraction, then a loop over time carries the state.
class RecurrentBuilder {
public:
  RecurrentBuilder(ComputeBuilder &t, const RecurrentOperands &operands, const RecurrentAttributes &attributes, int64_t gates,
                   llvm::ArrayRef<llvm::StringRef> defaultActivations);
  virtual ~RecurrentBuilder() = default;

  /// Fails with the reason if an activation is unknown.
  mlir::LogicalResult readActivations(mlir::Operation *op);
  struct Results {
    mlir::Value y, h, c; // [T, D, B, H], [D, B, H], [D, B, H] (or batch first)
  };
  Results run(bool wantsSequence);

protected:
  /// The state after one step; `inputs` [B, gates * H] has the input product and biases.  Writes into the buffers of h and c.
  struct State {
    mlir::Value h, c;
  };
  virtual State step(mlir::Value inputs, State state, mlir::Value isActive) = 0;
  /// Prepares what `step` needs for a direction.
  virtual void enter(int64_t direction) {}
  virtual bool hasCell() const { return false; }
  /// Whether the recurrent bias of gate `g` joins the input product (GRU keeps one apart).
  virtual bool joinsRecurrentBias(int64_t gate) const { return true; }

  /// Part `g` of [B, n * H] (columns) or of [n * H].
  mlir::Value gate(mlir::Value v, int64_t g);
  /// h times rows [first, first + count) * H of the recurrent weights.
  mlir::Value recurrentProduct(mlir::Value h, int64_t first, int64_t count);
  /// result = body(...), or the old state where the step is beyond the sequence's length. Written into the buffer of `old`.
  mlir::Value update(mlir::Value old, mlir::ValueRange inputs, llvm::ArrayRef<mlir::AffineMap> maps, mlir::Value isActive,
                     ComputeBuilder::ScalarBody body);
  mlir::Value clipped(ScalarBuilder &s, mlir::Value v) const;
  const Activation &activation(int64_t i) const { return activations[direction * defaults.size() + i]; }
  /// Entry `d` of the first dimension, which disappears.
  mlir::Value entry(mlir::Value v, int64_t d);
  mlir::AffineMap full() { return t.b.getMultiDimIdentityMap(2); }
  mlir::AffineMap perUnit() { return t.select(2, {1}); }

  ComputeBuilder &t;
  RecurrentOperands o;
  const RecurrentAttributes &attributes;
  int64_t gates, direction = 0, directions;
  llvm::SmallVector<llvm::StringRef> defaults;
  llvm::SmallVector<Activation> activations;
  mlir::OpFoldResult steps, batch, hidden;
  mlir::Type element, wide;
  mlir::Value recurrentWeights; // [H, gates * H] of the direction
  mlir::Value recurrentBias;    // [gates * H], null without bias

private:
  mlir::Value inputProducts();
  mlir::Value initial(mlir::Value given);
  mlir::Value ofDirection(mlir::Value states);
  mlir::Value withDirection(mlir::Value state, mlir::Value states);
};

} // namespace ingot

#endif
