//===- Compare.h - results against expected values --------------------------------------===//
#ifndef INGOT_TOOLS_NUMERICS_COMPARE_H
#define INGOT_TOOLS_NUMERICS_COMPARE_H

#include "Cases.h"
#include "ingot/Runtime/ingot.h"

namespace ingot::numerics {

/// Empty if `got` is what is expected, else how it differs: type, shape, number of elements, or the worst element.
std::string compare(const ingot_tensor &got, const ingot_tensor &expected, const Tolerance &tolerance);

/// The same for random numbers: type and shape as expected, and mean and deviation as far as samples of that size tell.
std::string compareStatistics(const ingot_tensor &got, const ingot_tensor &expected);

} // namespace ingot::numerics

#endif
