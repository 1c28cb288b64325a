//===- EvaluateConstants.h - constant subgraphs run at compile time ---------------------------------------===//
#ifndef INGOT_PIPELINES_EVALUATECONSTANTS_H
#define INGOT_PIPELINES_EVALUATECONSTANTS_H

#include "ingot/Pipelines/Compiler.h"

namespace ingot {
/// The constant work is compiled by the stages from `first` on: the stage whose IR the pass sees.
std::unique_ptr<mlir::Pass> createEvaluateConstants(Stage first);
} // namespace ingot

#endif
