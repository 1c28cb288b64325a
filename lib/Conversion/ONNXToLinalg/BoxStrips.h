//===- BoxStrips.h - taken boxes where those that may overlap lie side by side --------------===//
#ifndef INGOT_CONVERSION_BOXSTRIPS_H
#define INGOT_CONVERSION_BOXSTRIPS_H

#include "TensorBuilder.h"

namespace ingot {

using CountedBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)>;
/// for i in [from, end): carried = body(i, carried)
llvm::SmallVector<mlir::Value> forLoop(TensorBuilder &t, mlir::Value from, mlir::Value end, mlir::ValueRange carried, CountedBody body);
/// while goesOn(carried): carried = body(carried)
llvm::SmallVector<mlir::Value> whileLoop(TensorBuilder &t, mlir::ValueRange carried, llvm::function_ref<mlir::Value(mlir::ValueRange)> goesOn,
                                         llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::ValueRange)> body);

/// Left, top, right and bottom of a box, and its area.
constexpr int64_t kMeasures = 5;
using Measures = llvm::SmallVector<mlir::Value, kMeasures>;

/// The plane in vertical strips of equal width; a box belongs to the strip of its left edge. Each strip has room for all of its boxes, so that the
/// taken ones lie side by side. A box overlaps none that ends before it begins: the search goes from the strip of its right edge leftwards, as
/// long as some box up to there reaches it.
class BoxStrips {
public:
  /// Plans the strips for `count` boxes, the columns of `measures` [kMeasures, boxes]; with a threshold below zero, where also boxes without
  /// a common point suppress each other, there is one strip that is always searched.
  BoxStrips(TensorBuilder &t, mlir::Value measures, mlir::Value count, mlir::Value threshold);

  /// Where the boxes of each strip end that are taken, at first none; and the room for their measures.
  mlir::Value noneTaken() const { return begins; }
  mlir::Value room() const;

  /// Puts a box with the others of its strip: `ends` and `kept` after it.
  std::pair<mlir::Value, mlir::Value> take(mlir::Value ends, mlir::Value kept, llvm::ArrayRef<mlir::Value> box) const;
  /// Whether one of the taken boxes overlaps the box by more than the threshold.
  mlir::Value isSuppressed(mlir::Value ends, mlir::Value kept, llvm::ArrayRef<mlir::Value> box) const;

private:
  mlir::Value stripOf(mlir::Value x) const;
  void planStrips(mlir::Value measures);

  TensorBuilder &t;
  mlir::Value count, threshold;
  mlir::Value strips, left, scale; // number of strips, where the first begins, strips per unit of length
  mlir::Value begins, reach;       // per strip: the first place of its boxes, and the rightmost edge of the boxes up to it
};

} // namespace ingot

#endif
