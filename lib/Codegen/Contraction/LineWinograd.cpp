//===- LineWinograd.cpp - convolution by three taps in one dimension, by fewer products ---------------===//
//
// A tile of four results, `dilation` apart, takes six products of a channel instead of twelve. A task is a block of tiles of one line, also of one whose
// length only the run knows: it transforms their input into scratch, then for each stripe of columns multiplies point by point, rows being tiles, and transforms
// the products back through the epilogue. Tiles of neighbouring results follow each other, so that both ends of a line read and write in order.
//===------------------------------------------------------------------------------------------------------===//
#include "WinogradTransforms.h"
#include "../VectorBody.h"
#include "Microkernel.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace ingot;

namespace {

class LineWinogradGenerator : ContractionKernel {
public:
  LineWinogradGenerator(ContractOp op, const TargetRow &target, OpBuilder &b)
      : ContractionKernel(op, target, b), form(winogradForm(op.getWinograd())), line(p.rows[1]) {}
  void run();

private:
  struct TileAt {
    Value n, first, slot; // line, first result, place in the block
  };

  void transformInput(const TileAt &at);
  void multiply(Value which, Value count);
  void multiplyRows(Value which, Value point, Value first, int64_t rows);
  void transformOutput(const TileAt &at, Value which, Microkernel &kernel);
  void storeOneByOne(const TileAt &at, Value column, bool masked, ArrayRef<Value> results, Microkernel &kernel);
  void emitTask(Value task, Value blocks, Microkernel &kernel);

  const WinogradForm &form;
  const RowDim &line;
  int64_t depth = 0, columns = 0, stripe = 0, stripes = 0, blockTiles = 0, inputLanes = 1, outputLanes = 1; // a stripe: columns of a register tile, one panel or several
  Value tiles;           // of a line
  Value input, products; // scratch: [point, tile, channel]
  Block *scratchBlock = nullptr;
};

} // namespace

/// input[point, slot, :] = the points of the elements under the tile; beyond both ends they are zero.
void LineWinogradGenerator::transformInput(const TileAt &at) {
  Value start = ix.add(at.first, -line.pad), extent = ix.dim(p.input, 1);
  SmallVector<Value> places, exist;
  for (int64_t i = 0; i < form.points; ++i) {
    places.push_back(ix.add(start, i * line.dilation));
    // As unsigned numbers those before the first element are large.
    exist.push_back(b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, places.back(), extent));
  }
  auto type = VectorType::get(inputLanes, b.getF32Type());
  auto load = [&](int64_t i, Value channel) { return vector::LoadOp::create(b, loc, type, p.input, ValueRange{at.n, places[i], channel}).getResult(); };
  auto run = [&](bool guarded) {
    ix.loop(ix.constant(0), p.depth, inputLanes, [&](Value channel) {
      SmallVector<Value> elements;
      for (int64_t i = 0; i < form.points; ++i) {
        if (!guarded) {
          elements.push_back(load(i, channel));
          continue;
        }
        auto branch = scf::IfOp::create(b, loc, TypeRange(type), exist[i], /*withElseRegion=*/true);
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(branch.thenBlock());
        scf::YieldOp::create(b, loc, load(i, channel));
        b.setInsertionPointToStart(branch.elseBlock());
        scf::YieldOp::create(b, loc, arith::ConstantOp::create(b, loc, b.getZeroAttr(type)).getResult());
        elements.push_back(branch.getResult(0));
      }
      for (auto [point, v] : llvm::enumerate(transformWinogradInputLine(b, loc, elements)))
        vector::StoreOp::create(b, loc, v, input, ValueRange{ix.constant(point), at.slot, channel});
    });
  };
  ix.branch(b.createOrFold<arith::AndIOp>(loc, exist.front(), exist.back()), [&] { run(false); }, [&] { run(true); });
}

/// products[point, first + row, :] = sum over k of input[point, first + row, k] * weights[stripe, point, k, :]
void LineWinogradGenerator::multiplyRows(Value which, Value point, Value first, int64_t rows) {
  auto type = VectorType::get(stripe, b.getF32Type());
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type)), start = ix.constant(0);
  auto forOp = scf::ForOp::create(b, loc, start, p.depth, ix.constant(1), SmallVector<Value>(rows, zero));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    Value k = forOp.getInductionVar();
    SmallVector<Value> next(forOp.getRegionIterArgs());
    Value w = loadPacked(ix, p.weights, {start, ix.mul(which, stripe / p.panel), point, k, start}, stripe);
    for (int64_t row = 0; row < rows; ++row) {
      Value a = asVector(b, loc, memref::LoadOp::create(b, loc, input, ValueRange{point, ix.add(first, row), k}), stripe);
      next[row] = tile.fma ? vector::FMAOp::create(b, loc, a, w, next[row]).getResult()
                           : arith::AddFOp::create(b, loc, next[row], arith::MulFOp::create(b, loc, a, w)).getResult();
    }
    scf::YieldOp::create(b, loc, next);
  }
  for (int64_t row = 0; row < rows; ++row)
    vector::StoreOp::create(b, loc, forOp.getResult(row), products, ValueRange{point, ix.add(first, row), start});
}

/// Whole register tiles; the last one begins so early that it is whole, too: what it computes again is the same. A block has room for one.
void LineWinogradGenerator::multiply(Value which, Value count) {
  ix.loop(ix.constant(0), ix.constant(form.points), 1, [&](Value point) {
    ix.loop(ix.constant(0), count, tile.rows, [&](Value at) {
      Value first = ix.max(ix.min(at, ix.sub(count, ix.constant(tile.rows))), ix.constant(0));
      multiplyRows(which, point, first, tile.rows);
    });
  });
}

/// Results that the line has, one after the other.
void LineWinogradGenerator::storeOneByOne(const TileAt &at, Value column, bool masked, ArrayRef<Value> results, Microkernel &kernel) {
  auto type = VectorType::get(outputLanes, b.getF32Type());
  Value scratch, zero = ix.constant(0);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(scratchBlock);
    scratch = memref::AllocaOp::create(b, loc, MemRefType::get({form.results, outputLanes}, b.getF32Type()), b.getI64IntegerAttr(64));
  }
  for (auto [i, v] : llvm::enumerate(results)) vector::StoreOp::create(b, loc, v, scratch, ValueRange{ix.constant(i), zero});
  Value left = ix.sub(line.size, at.first), count = ix.min(ix.constant(form.results), ix.ceilDiv(left, line.dilation));
  ix.loop(zero, count, 1, [&](Value i) {
    Value v = vector::LoadOp::create(b, loc, type, scratch, ValueRange{i, zero});
    kernel.emitStore({at.n, ix.add(at.first, ix.mul(i, line.dilation))}, 1, 1, column, masked, v);
  });
}

void LineWinogradGenerator::transformOutput(const TileAt &at, Value which, Microkernel &kernel) {
  auto type = VectorType::get(outputLanes, b.getF32Type());
  int64_t vectors = stripe / outputLanes;
  auto store = [&](Value column, bool masked, ArrayRef<Value> results) {
    if (kernel.isEpilogueCostly()) return storeOneByOne(at, column, masked, results, kernel);
    Value last = ix.add(at.first, (form.results - 1) * line.dilation);
    ix.branch(ix.less(last, line.size),
              [&] {
                for (auto [i, v] : llvm::enumerate(results))
                  kernel.emitStore({at.n, ix.add(at.first, i * line.dilation)}, 1, 1, column, masked, v);
              },
              [&] { storeOneByOne(at, column, masked, results, kernel); });
  };
  ix.loop(ix.constant(0), ix.constant(vectors), 1, [&](Value v) {
    Value column = ix.add(ix.mul(which, vectors), v), channel = ix.mul(column, outputLanes);
    auto run = [&] {
      SmallVector<Value> points;
      for (int64_t point = 0; point < form.points; ++point)
        points.push_back(vector::LoadOp::create(b, loc, type, products, ValueRange{ix.constant(point), at.slot, ix.mul(v, outputLanes)}));
      SmallVector<Value> results = transformWinogradOutputLine(b, loc, points);
      if (columns % outputLanes == 0) return store(column, false, results);
      ix.branch(ix.less(channel, ix.constant(columns - outputLanes + 1)), [&] { store(column, false, results); },
                [&] { store(column, true, results); });
    };
    // The last one may be filled up by whole vectors.
    if (stripes * stripe - columns >= outputLanes) return ix.branch(ix.less(channel, p.columns), run, [] {});
    run();
  });
}

void LineWinogradGenerator::emitTask(Value task, Value blocks, Microkernel &kernel) {
  auto index = ix.delinearize(task, {p.rows[0].size, blocks});
  Value firstTile = ix.mul(index[1], blockTiles), count = ix.min(ix.constant(blockTiles), ix.sub(tiles, firstTile));
  auto forTiles = [&](auto &&body) {
    ix.loop(ix.constant(0), count, 1, [&](Value slot) {
      // Tile by tile the first results are neighbours, up to the dilation; then a stretch of results follows that is all done.
      Value which = ix.add(firstTile, slot), dilation = ix.constant(line.dilation);
      Value first = ix.add(ix.mul(ix.div(which, dilation), form.results * line.dilation), ix.rem(which, dilation));
      body(TileAt{index[0], first, slot});
    });
  };
  forTiles([&](const TileAt &at) { transformInput(at); });
  ix.loop(ix.constant(0), ix.constant(stripes), 1, [&](Value which) {
    multiply(which, count);
    forTiles([&](const TileAt &at) { transformOutput(at, which, kernel); });
  });
}

void LineWinogradGenerator::run() {
  depth = *IndexBuilder::known(p.depth), columns = *IndexBuilder::known(p.columns);
  stripe = tile.columns % p.panel ? p.panel : tile.columns;
  if ((columns + p.panel - 1) / p.panel * p.panel % stripe) stripe = p.panel;
  stripes = (columns + stripe - 1) / stripe;
  int64_t length = target.vectorLength(32), stretch = form.results * line.dilation;
  for (inputLanes = length; depth % inputLanes; inputLanes /= 2) {}
  outputLanes = std::min(length, stripe);
  tiles = ix.add(ix.mul(ix.div(line.size, stretch), line.dilation), ix.min(ix.rem(line.size, ix.constant(stretch)), ix.constant(line.dilation)));
  blockTiles = std::max(form.mostTilesOfLine(depth), tile.rows);
  if (auto known = IndexBuilder::known(tiles)) {
    // Equal blocks, an even number for two cores.
    int64_t parts = std::max<int64_t>(1, (*known + blockTiles - 1) / blockTiles);
    parts += parts > 1 ? parts % 2 : 0;
    blockTiles = std::max((*known + parts - 1) / parts, tile.rows);
  }
  Value blocks = ix.ceilDiv(tiles, blockTiles), tasks = ix.mul(p.rows[0].size, blocks);
  auto loop = scf::ParallelOp::create(b, loc, ValueRange{ix.constant(0)}, ValueRange{tasks}, ValueRange{ix.constant(1)});
  int64_t flops = 2 * form.points * blockTiles * depth * stripes * stripe;
  loop->setAttr("ingot.cost", b.getI64IntegerAttr(flops / target.vectorBytes + 1));
  scratchBlock = loop.getBody();
  b.setInsertionPointToStart(scratchBlock);
  auto scratch = [&](int64_t channels) {
    auto type = MemRefType::get({form.points, blockTiles, channels}, b.getF32Type());
    return memref::AllocaOp::create(b, loc, type, b.getI64IntegerAttr(64)).getResult();
  };
  input = scratch(depth);
  products = scratch(stripe);
  ContractionTile one = tile;
  one.columns = outputLanes;
  one.vectors = 1;
  Microkernel kernel(ix, p, one);
  kernel.setScratchBlock(scratchBlock);
  emitTask(loop.getInductionVars().front(), blocks, kernel);
  op.erase();
}

void ingot::generateLineWinograd(ContractOp op, const TargetRow &target) {
  OpBuilder b(op);
  LineWinogradGenerator(op, target, b).run();
}
