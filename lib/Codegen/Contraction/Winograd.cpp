//===- Winograd.cpp - 3x3 convolution by fewer products --------------------------------------------===//
//
// A tile of 4x4 results takes 36 products of a channel instead of 144, one of 2x2 16 instead of 36. A task is a block of tiles of one image by a group of column panels:
// it transforms the tiles' input into scratch, then for each panel multiplies point by point, rows being tiles, and transforms the
// products back through the epilogue. So scratch stays in the cache of a core, and padding is where input is read. Weights that were not transformed
// when the model was compiled are transformed here, a stripe and some channels at a time.
//===-----------------------------------------------------------------------------------------------===//
#include "WinogradTransforms.h"
#include "../VectorBody.h"
#include "Microkernel.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace ingot;

namespace {

constexpr int64_t kCachedWeights = 4 << 20;

class WinogradGenerator : ContractionKernel {
public:
  WinogradGenerator(ContractOp op, const TargetRow &target, OpBuilder &b)
      : ContractionKernel(op, target, b), form(winogradForm(op.getWinograd())) {}
  void run();

private:
  struct TileAt {
    Value n, y, x; // image, and the first result
    Value slot;    // in the block
  };

  void cut();
  Value loadInput(Value n, Value y, Value x, Value channel);
  void transformInput(const TileAt &at);
  void transformWeights(Value stripe, Value first, Value size);
  void clearProducts(Value count);
  void multiplyStripe(Value stripe, Value count);
  void multiply(Value stripe, Value count, Value channel, Value size);
  void multiplyRows(Value stripe, int64_t part, Value point, Value first, int64_t rows, Value channel, Value size);
  void transformOutput(const TileAt &at, Value stripe, Microkernel &kernel);
  void storePartial(const TileAt &at, Value column, bool masked, ArrayRef<Value> results, Microkernel &kernel);
  void emitTask(Value task, Microkernel &kernel);

  const WinogradForm &form;
  int64_t depth, columns;
  Value height, width, tilesAcross, tiles; // of the result of an image; perhaps only known in the run
  Value blocks, blockTiles;                // of an image, and of a block
  int64_t mostTiles;                       // of any block
  int64_t stripe;                          // columns that are multiplied before they are transformed: a panel, or several
  int64_t stripes, groupStripes, groups;
  int64_t inputLanes, outputLanes;
  int64_t chunk;           // input channels that are multiplied at once: all of them, or those that weights are transformed for
  bool transforms = false; // weights are 3x3
  // Scratch: [point, tile * channels + channel], and transformed weights [point, channel, column]. A point takes some more than that, because
  // distances of a multiple of a page would put all points on the same lines of a cache.
  Value input, products, weights;
  static constexpr int64_t kApart = 16;
  Block *scratchBlock = nullptr;
};

} // namespace

void WinogradGenerator::cut() {
  auto known = [](Value v) { return *IndexBuilder::known(v); };
  depth = known(p.depth), columns = known(p.columns), height = p.rows[1].size, width = p.rows[2].size;
  tilesAcross = ix.ceilDiv(width, form.results);
  tiles = ix.mul(ix.ceilDiv(height, form.results), tilesAcross);
  mostTiles = form.mostTiles(depth);
  int64_t weightBytes = form.products() * depth * columns * 4;
  int64_t packedColumns = (columns + p.panel - 1) / p.panel * p.panel;
  if (packedColumns % tile.columns) tile = tileOf(p, target, p.panel);
  stripe = std::max(p.panel, tile.columns);
  stripes = packedColumns / stripe;
  auto weightsType = cast<MemRefType>(p.weights.getType());
  transforms = weightsType.getDimSize(weightsType.getRank() - 3) == WinogradForm::kTaps;
  chunk = depth;
  if (transforms) chunk = llvm::divideCeil(depth, llvm::divideCeil(form.products() * depth * stripe * 4, target.cacheBytes / 2));
  // Equal blocks, an even number for two cores. The weights pass once for each: four blocks only where they stay in a cache, and are not transformed
  // again for each.
  blocks = ix.ceilDiv(tiles, mostTiles);
  if (weightBytes <= kCachedWeights && !transforms) blocks = ix.max(blocks, ix.min(ix.constant(4), ix.div(tiles, 8)));
  blocks = ix.max(blocks, ix.constant(1)); // an image may have no tile at all
  blocks = ix.select(ix.less(ix.constant(1), blocks), ix.mul(ix.ceilDiv(blocks, 2), 2), blocks);
  blockTiles = ix.max(ix.div(ix.sub(ix.add(tiles, blocks), ix.constant(1)), blocks), ix.constant(1));
  blocks = ix.div(ix.sub(ix.add(tiles, blockTiles), ix.constant(1)), blockTiles);
  if (auto size = IndexBuilder::known(blockTiles)) mostTiles = *size;
  // The input of a block is transformed once for each group.
  groups = IndexBuilder::known(blocks) == 1 && stripes > 1 ? 2 : 1;
  groupStripes = (stripes + groups - 1) / groups;
  int64_t length = target.vectorLength(32);
  for (inputLanes = length; depth % inputLanes; inputLanes /= 2) {}
  outputLanes = std::min(length, stripe);
}

Value WinogradGenerator::loadInput(Value n, Value y, Value x, Value channel) {
  return vector::LoadOp::create(b, loc, VectorType::get(inputLanes, b.getF32Type()), p.input, ValueRange{n, y, x, channel});
}

void WinogradGenerator::transformInput(const TileAt &at) {
  Value top = ix.add(at.y, -p.rows[1].pad), left = ix.add(at.x, -p.rows[2].pad);
  SmallVector<Value> ys, xs, yInside, xInside;
  Value inside = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
  auto line = [&](Value first, Value extent, SmallVector<Value> &indices, SmallVector<Value> &insides) {
    for (int64_t i = 0; i < form.points; ++i) {
      indices.push_back(ix.add(first, i));
      // As unsigned numbers those before the first element are large.
      insides.push_back(b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, indices.back(), extent));
    }
    inside = b.createOrFold<arith::AndIOp>(loc, inside, b.createOrFold<arith::AndIOp>(loc, insides.front(), insides.back()));
  };
  line(top, ix.dim(p.input, 1), ys, yInside);
  line(left, ix.dim(p.input, 2), xs, xInside);
  auto type = VectorType::get(inputLanes, b.getF32Type());
  auto run = [&](bool guarded) {
    ix.loop(ix.constant(0), p.depth, inputLanes, [&](Value channel) {
      Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
      SmallVector<Value> square;
      for (int64_t i = 0; i < form.points; ++i)
        for (int64_t j = 0; j < form.points; ++j) {
          if (!guarded) {
            square.push_back(loadInput(at.n, ys[i], xs[j], channel));
            continue;
          }
          Value exists = arith::AndIOp::create(b, loc, yInside[i], xInside[j]);
          auto branch = scf::IfOp::create(b, loc, TypeRange(type), exists, /*withElseRegion=*/true);
          OpBuilder::InsertionGuard guard(b);
          b.setInsertionPointToStart(branch.thenBlock());
          scf::YieldOp::create(b, loc, loadInput(at.n, ys[i], xs[j], channel));
          b.setInsertionPointToStart(branch.elseBlock());
          scf::YieldOp::create(b, loc, zero);
          square.push_back(branch.getResult(0));
        }
      for (auto [point, v] : llvm::enumerate(transformWinogradInput(form, b, loc, square)))
        vector::StoreOp::create(b, loc, v, input, ValueRange{ix.constant(point), ix.add(ix.mul(at.slot, depth), channel)});
    });
  };
  ix.branch(inside, [&] { run(false); }, [&] { run(true); });
}

/// weights[:, k, :] = G w[first + k] G^T
void WinogradGenerator::transformWeights(Value stripeIndex, Value first, Value size) {
  Value zero = ix.constant(0), panel = ix.mul(stripeIndex, stripe / p.panel);
  ix.loop(zero, size, 1, [&](Value k) {
    for (int64_t column = 0; column < stripe; column += outputLanes) {
      SmallVector<Value> square;
      for (int64_t i = 0; i < WinogradForm::kTaps; ++i)
        for (int64_t j = 0; j < WinogradForm::kTaps; ++j)
          square.push_back(convertElement(b, loc,
                                          loadPacked(ix, p.weights,
                                                     {zero, ix.add(panel, column / p.panel), ix.constant(i), ix.constant(j), ix.add(first, k),
                                                      ix.constant(column % p.panel)},
                                                     outputLanes),
                                          b.getF32Type(), op.getUnsignedWeights()));
      for (auto [point, v] : llvm::enumerate(transformWinogradWeights(form, b, loc, square)))
        vector::StoreOp::create(b, loc, v, weights, ValueRange{ix.constant(point), k, ix.constant(column)});
    }
  });
}

void WinogradGenerator::clearProducts(Value count) {
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(VectorType::get(stripe, b.getF32Type())));
  ix.loop(ix.constant(0), ix.constant(form.products()), 1, [&](Value point) {
    ix.loop(ix.constant(0), count, 1, [&](Value slot) { vector::StoreOp::create(b, loc, zero, products, ValueRange{point, ix.mul(slot, stripe)}); });
  });
}

/// products[point, first + row, c] = sum over k of input[point, first + row, k] * weights[.., point, k, c], for the columns c of one tile: the
/// whole stripe, or its `part`. In chunks it is added to what is there.
void WinogradGenerator::multiplyRows(Value stripeIndex, int64_t part, Value point, Value first, int64_t rows, Value channel, Value size) {
  auto type = VectorType::get(tile.columns, b.getF32Type());
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type)), start = ix.constant(0);
  Value panel = ix.mul(stripeIndex, stripe / p.panel), column = ix.constant(part * tile.columns);
  int64_t vectors = tile.vectors, sets = 1;
  // Enough sums under way to hide the latency of multiply-adds.
  while (rows * vectors * sets < 8 && depth % (2 * sets) == 0 && chunk % (2 * sets) == 0) sets *= 2;
  SmallVector<Value> acc(rows * sets, zero);
  auto place = [&](int64_t row) { return SmallVector<Value>{point, ix.add(ix.mul(ix.add(first, row), stripe), column)}; };
  if (chunk < depth)
    for (int64_t row = 0; row < rows; ++row) acc[row] = vector::LoadOp::create(b, loc, type, products, place(row));
  Value pointRow = ix.div(point, form.points), pointColumn = ix.rem(point, ix.constant(form.points));
  auto forOp = scf::ForOp::create(b, loc, start, size, ix.constant(sets), acc);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    SmallVector<Value> next(forOp.getRegionIterArgs());
    for (int64_t s = 0; s < sets; ++s) {
      Value k = ix.add(forOp.getInductionVar(), s);
      Value w = transforms ? vector::LoadOp::create(b, loc, type, weights, ValueRange{point, k, column}).getResult()
                           : loadPacked(ix, p.weights, {start, panel, pointRow, pointColumn, k, column}, tile.columns);
      for (int64_t row = 0; row < rows; ++row) {
        Value at = ix.add(ix.mul(ix.add(first, row), depth), ix.add(channel, k));
        Value a = asVector(b, loc, memref::LoadOp::create(b, loc, input, ValueRange{point, at}), tile.columns);
        Value &sum = next[s * rows + row];
        sum = tile.fma ? vector::FMAOp::create(b, loc, a, w, sum).getResult()
                       : arith::AddFOp::create(b, loc, sum, arith::MulFOp::create(b, loc, a, w)).getResult();
      }
    }
    scf::YieldOp::create(b, loc, next);
  }
  for (int64_t row = 0; row < rows; ++row) {
    Value sum = forOp.getResult(row);
    for (int64_t s = 1; s < sets; ++s) sum = arith::AddFOp::create(b, loc, sum, forOp.getResult(s * rows + row));
    vector::StoreOp::create(b, loc, sum, products, place(row));
  }
}

/// Whole register tiles, and the remainder in powers of two.
void WinogradGenerator::multiply(Value stripeIndex, Value count, Value channel, Value size) {
  auto allParts = [&](Value point, Value first, int64_t rows) {
    for (int64_t part = 0; part < stripe / tile.columns; ++part) multiplyRows(stripeIndex, part, point, first, rows, channel, size);
  };
  ix.loop(ix.constant(0), ix.constant(form.products()), 1, [&](Value point) {
    Value whole = ix.mul(ix.div(count, tile.rows), tile.rows), rest = ix.sub(count, whole), first = whole;
    if (mostTiles >= tile.rows)
      ix.loop(ix.constant(0), whole, tile.rows, [&](Value at) { allParts(point, at, tile.rows); });
    int64_t largest = 1;
    while (largest * 2 < tile.rows) largest *= 2;
    for (int64_t rows = largest; rows >= 1; rows /= 2) {
      Value bit = b.createOrFold<arith::AndIOp>(loc, rest, ix.constant(rows));
      ix.branch(ix.less(ix.constant(0), bit), [&] { allParts(point, first, rows); }, [] {});
      first = ix.add(first, bit);
    }
  });
}

void WinogradGenerator::multiplyStripe(Value stripeIndex, Value count) {
  if (!transforms) return multiply(stripeIndex, count, ix.constant(0), p.depth);
  if (chunk < depth) clearProducts(count);
  ix.loop(ix.constant(0), p.depth, chunk, [&](Value channel) {
    Value size = ix.constant(chunk);
    if (depth % chunk) size = ix.min(size, ix.sub(p.depth, channel));
    transformWeights(stripeIndex, channel, size);
    multiply(stripeIndex, count, channel, size);
  });
}

/// Results that the image has, one by one.
void WinogradGenerator::storePartial(const TileAt &at, Value column, bool masked, ArrayRef<Value> results, Microkernel &kernel) {
  auto type = VectorType::get(outputLanes, b.getF32Type());
  Value scratch;
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(scratchBlock);
    scratch = memref::AllocaOp::create(b, loc, MemRefType::get({form.results, form.results, outputLanes}, b.getF32Type()), b.getI64IntegerAttr(64));
  }
  Value zero = ix.constant(0);
  for (auto [i, v] : llvm::enumerate(results))
    vector::StoreOp::create(b, loc, v, scratch, ValueRange{ix.constant(i / form.results), ix.constant(i % form.results), zero});
  auto end = [&](Value size, Value first) { return ix.min(ix.constant(form.results), ix.sub(size, first)); };
  ix.loop(zero, end(height, at.y), 1, [&](Value i) {
    ix.loop(zero, end(width, at.x), 1, [&](Value j) {
      Value v = vector::LoadOp::create(b, loc, type, scratch, ValueRange{i, j, zero});
      kernel.emitStore({at.n, ix.add(at.y, i), ix.add(at.x, j)}, 1, 1, column, masked, v);
    });
  });
}

void WinogradGenerator::transformOutput(const TileAt &at, Value stripeIndex, Microkernel &kernel) {
  auto type = VectorType::get(outputLanes, b.getF32Type());
  int64_t vectors = stripe / outputLanes;
  auto store = [&](Value column, bool masked, ArrayRef<Value> results) {
    if (kernel.isEpilogueCostly()) return storePartial(at, column, masked, results, kernel);
    Value whole = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
    auto fits = [&](Value size, Value first) {
      auto known = IndexBuilder::known(size);
      if (!known || *known % form.results) whole = b.createOrFold<arith::AndIOp>(loc, whole, ix.less(first, ix.add(size, 1 - form.results)));
    };
    fits(height, at.y);
    fits(width, at.x);
    ix.branch(whole, [&] { kernel.emitStore({at.n, at.y, at.x}, form.results, form.results, column, masked, results); },
              [&] { storePartial(at, column, masked, results, kernel); });
  };
  ix.loop(ix.constant(0), ix.constant(vectors), 1, [&](Value v) {
    Value column = ix.add(ix.mul(stripeIndex, vectors), v), channel = ix.mul(column, outputLanes);
    auto run = [&] {
      SmallVector<Value> square;
      for (int64_t point = 0; point < form.products(); ++point)
        square.push_back(vector::LoadOp::create(b, loc, type, products, ValueRange{ix.constant(point), ix.add(ix.mul(at.slot, stripe), ix.mul(v, outputLanes))}));
      SmallVector<Value> results = transformWinogradOutput(form, b, loc, square);
      if (columns % outputLanes == 0) return store(column, false, results);
      ix.branch(ix.less(channel, ix.constant(columns - outputLanes + 1)), [&] { store(column, false, results); },
                [&] { store(column, true, results); });
    };
    // A panel may be filled up by whole vectors.
    if (stripes * stripe - columns >= outputLanes) return ix.branch(ix.less(channel, p.columns), run, [] {});
    run();
  });
}

void WinogradGenerator::emitTask(Value task, Microkernel &kernel) {
  auto index = ix.delinearize(task, {p.rows[0].size, blocks, ix.constant(groups)});
  Value n = index[0], firstTile = ix.mul(index[1], blockTiles), zero = ix.constant(0), count = blockTiles;
  auto allTiles = IndexBuilder::known(tiles);
  if (!allTiles || *allTiles % mostTiles) count = ix.min(count, ix.sub(tiles, firstTile));
  auto forTiles = [&](auto &&body) {
    ix.loop(zero, count, 1, [&](Value slot) {
      Value which = ix.add(firstTile, slot);
      body(TileAt{n, ix.mul(ix.div(which, tilesAcross), form.results), ix.mul(ix.rem(which, tilesAcross), form.results), slot});
    });
  };
  forTiles([&](const TileAt &at) { transformInput(at); });
  Value begin = ix.mul(index[2], groupStripes), end = ix.min(ix.add(begin, groupStripes), ix.constant(stripes));
  ix.loop(begin, end, 1, [&](Value stripeIndex) {
    multiplyStripe(stripeIndex, count);
    forTiles([&](const TileAt &at) { transformOutput(at, stripeIndex, kernel); });
  });
}

void WinogradGenerator::run() {
  cut();
  Value tasks = ix.mul(p.rows[0].size, ix.mul(blocks, groups));
  auto loop = scf::ParallelOp::create(b, loc, ValueRange{ix.constant(0)}, ValueRange{tasks}, ValueRange{ix.constant(1)});
  int64_t flops = 2 * form.products() * mostTiles * depth * groupStripes * stripe;
  loop->setAttr("ingot.cost", b.getI64IntegerAttr(flops / target.vectorBytes + 1));
  scratchBlock = loop.getBody();
  b.setInsertionPointToStart(scratchBlock);
  auto scratch = [&](ArrayRef<int64_t> point) {
    SmallVector<int64_t> shape{form.products()};
    shape.append(point.begin(), point.end());
    return memref::AllocaOp::create(b, loc, MemRefType::get(shape, b.getF32Type()), b.getI64IntegerAttr(64)).getResult();
  };
  input = scratch({mostTiles * depth + kApart});
  products = scratch({mostTiles * stripe + kApart});
  if (transforms) weights = scratch({chunk + 1, stripe});
  ContractionTile one = tile;
  one.columns = outputLanes;
  one.vectors = 1;
  Microkernel kernel(ix, p, one);
  kernel.setScratchBlock(scratchBlock);
  emitTask(loop.getInductionVars().front(), kernel);
  op.erase();
}

void ingot::generateWinograd(ContractOp op, const TargetRow &target) {
  OpBuilder b(op);
  WinogradGenerator(op, target, b).run();
}
