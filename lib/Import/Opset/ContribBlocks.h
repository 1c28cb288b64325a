//===- ContribBlocks.h - numbers of few bits in bytes ---------------------------------===//
#ifndef INGOT_LIB_IMPORT_OPSET_CONTRIBBLOCKS_H
#define INGOT_LIB_IMPORT_OPSET_CONTRIBBLOCKS_H

#include "Chain.h"

namespace ingot {

/// Bytes [..., n] as numbers of 2, 4 or 8 bits [..., n * 8 / bits], the first in the lowest bits.
mlir::Value unpackBits(Chain &c, mlir::Value bytes, int64_t bits);

} // namespace ingot

#endif
