//===- Saturation.h - real numbers as quantised integers ------------------------------------===//
#ifndef INGOT_CONVERSION_SATURATION_H
#define INGOT_CONVERSION_SATURATION_H

#include "ingot/Dialect/ONNX/ScalarBuilder.h"

namespace ingot {

/// The integer nearest to `real`, halves to even, plus `zero` (null: 0; of the type of `real`), saturated to the range of `element`. NaN gives the least one.
mlir::Value saturate(ScalarBuilder &s, mlir::Value real, mlir::Value zero, mlir::Type element, bool isUnsigned);

} // namespace ingot

#endif
