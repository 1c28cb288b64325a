//===- ContribBlocks.cpp - tensors of few bits, quantised in blocks ---------------------------------===//
#include "ContribBlocks.h"

using namespace mlir;
using namespace ingot;

Value ingot::unpackBits(Chain &c, Value bytes, int64_t bits) {
  if (bits == 8) return bytes;
  int64_t perByte = 8 / bits;
  Type ui8 = c.r.b.getIntegerType(8, false);
  SmallVector<uint8_t> shifts;
  for (int64_t i = 0; i < perByte; ++i) shifts.push_back(i * bits);
  Value amount = c.r.emitter.constant(c.r.node.loc, DenseElementsAttr::get(RankedTensorType::get(perByte, ui8), ArrayRef<uint8_t>(shifts)));
  Value shifted = c.op("BitShift", {c.unsqueeze(bytes, {-1}), amount}, c.r.attr("direction", c.r.b.getStringAttr("RIGHT")));
  Value numbers = c.op("BitwiseAnd", {shifted, c.like(bytes, (1 << bits) - 1)});
  Value shape = c.shape(bytes);
  Value sizes = c.join({c.slice(shape, 0, -1, 0), c.mul(c.dim(bytes, -1), c.ints(perByte))});
  return c.reshape(numbers, sizes);
}

/// Rows of a quantised table, dequantised after they are gathered.
static LogicalResult gatherBlockQuantized(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2}))) return failure();
  int64_t gatherAxis = r.takeInt("gather_axis", 0), axis = r.takeInt("quantize_axis", 1), block = r.takeInt("block_size", 128), bits = r.takeInt("bits", 4);
  FailureOr<int64_t> rank = c.rankOf(0), indexRank = c.rankOf(1);
  if (failed(rank) || failed(indexRank)) return failure();
  if (gatherAxis < 0) gatherAxis += *rank;
  if (axis < 0) axis += *rank;
  Value data = r.operand(0), zeros = r.operand(3);
  bool isPacked = c.elementOf(data).isUnsignedInteger(8) && bits < 8;
  if (bits != 2 && bits != 4 && bits != 8) return r.error() << "attribute 'bits' is " << bits << "; expected 2, 4 or 8";
  if (gatherAxis < 0 || gatherAxis >= *rank || axis < 0 || axis >= *rank || gatherAxis == axis)
    return r.error() << "has gather_axis " << gatherAxis << " and quantize_axis " << axis << "; expected two different axes of rank " << *rank;
  if (isPacked && axis != *rank - 1) return r.error() << "has quantize_axis " << axis << " for numbers packed in bytes; expected the last axis, " << *rank - 1;
  auto rows = [&](Value v) { return c.gather(v, r.operand(1), gatherAxis); };
  Value picked = rows(data), scales = rows(r.operand(2));
  if (isPacked) picked = unpackBits(c, picked, bits);
  if (zeros) {
    zeros = rows(zeros);
    // A row of packed zero points may end in the middle of a byte.
    if (isPacked) zeros = c.slice(unpackBits(c, zeros, bits), c.ints(0), c.dim(scales, -1), -1);
  } else if (c.elementOf(data).isUnsignedInteger(8)) {
    zeros = c.expand(c.like(picked, 1 << (bits - 1)), c.shape(scales));
  }
  // Each index takes the place of the axis that is gathered.
  NamedAttribute attributes[] = {r.attr("axis", axis > gatherAxis ? axis + *indexRank - 1 : axis), r.attr("block_size", block)};
  return c.replace(c.op("DequantizeLinear", {picked, scales, zeros}, attributes, c.elementOf(r.operand(2))));
}

/// Weights [N, K] flat in two numbers of 4 bits per byte, the first in the high bits, which index a table; one scale per block of K.
static LogicalResult matMulBnb4(Rewriter &r) {
  Chain c{r};
  if (failed(c.require({0, 1, 2}))) return failure();
  int64_t k = r.takeInt("K", 0), n = r.takeInt("N", 0), block = r.takeInt("block_size", 0), type = r.takeInt("quant_type", 0);
  r.takeInt("training_mode", 0);
  bool transposed = r.takeInt("transB", 1) != 0;
  if (type != 0 && type != 1) return r.error() << "attribute 'quant_type' is " << type << "; expected 0 (FP4) or 1 (NF4)";
  if (k < 1 || n < 1 || block < 1) return r.error() << "expected 'K', 'N' and 'block_size' of 1 or more, got " << k << ", " << n << " and " << block;
  // The sixteen values of each type, from QLoRA (Dettmers et al., 2023) and the bitsandbytes format.
  static const float fp4[] = {0.0f, 5.208333333e-03f, 0.66666667f, 1.0f, 0.33333333f, 0.5f, 0.16666667f, 0.25f,
                              -0.0f, -5.208333333e-03f, -0.66666667f, -1.0f, -0.33333333f, -0.5f, -0.16666667f, -0.25f};
  static const float nf4[] = {-1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f, -0.18477343022823334f,
                              -0.09105003625154495f, 0.0f, 0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f,
                              0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f};
  Value bytes = c.reshape(r.operand(1), {-1, 1});
  Type ui8 = r.b.getIntegerType(8, false);
  Value amount = r.emitter.constant(r.node.loc, DenseElementsAttr::get(RankedTensorType::get(2, ui8), ArrayRef<uint8_t>{4, 0}));
  Value shifted = c.op("BitShift", {bytes, amount}, r.attr("direction", r.b.getStringAttr("RIGHT")));
  Value codes = c.slice(c.reshape(c.op("BitwiseAnd", {shifted, c.like(bytes, 15)}), {-1}), 0, n * k, 0);
  Value values = c.gather(r.floats(type == 0 ? ArrayRef<float>(fp4) : ArrayRef<float>(nf4)), c.cast(codes, c.i32), 0);
  // The last block may be shorter.
  int64_t blocks = llvm::divideCeil(n * k, block);
  Value scales = c.reshape(c.expand(c.reshape(c.cast(r.operand(2), c.f32), {-1, 1}), c.ints({blocks, block})), {-1});
  Value weights = c.mul(values, c.slice(scales, 0, n * k, 0));
  weights = transposed ? c.transpose(c.reshape(weights, {n, k}), {1, 0}) : c.reshape(weights, {k, n});
  return c.replace(c.matMul(r.operand(0), c.castLike(weights, r.operand(0))));
}

static constexpr OpsetRow kRows[] = {
    {"com.microsoft", "GatherBlockQuantized", kAnyVersion, gatherBlockQuantized},
    {"com.microsoft", "MatMulBnb4", kAnyVersion, matMulBnb4},
};
ArrayRef<OpsetRow> ingot::contribBlockRows() { return kRows; }
