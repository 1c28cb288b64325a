//===- PlanMemory.cpp - one arena for the buffers, one blob for the weights ------------------===//
//
// A buffer lives from its allocation to the last use of anything that may alias it. Buffers of static size get fixed offsets (first fit,
// largest first); buffers sized by the inputs' dimensions share slots whose size is the largest that they hold; what is left has a size
// that is known only on the way, or flows around a loop, and becomes a segment of the instance.
//===-----------------------------------------------------------------------------===//
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/LoopLikeInterface.h"

namespace ingot {
#define GEN_PASS_DEF_PLANMEMORY
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

namespace {
constexpr int64_t kAlignment = 64;

int64_t elementBytes(MemRefType type) {
  Type t = type.getElementType();
  if (auto complex = dyn_cast<ComplexType>(t)) return 2 * llvm::divideCeil(complex.getElementType().getIntOrFloatBitWidth(), 8);
  if (isa<IndexType>(t)) return 8;
  if (!t.isIntOrFloat()) return 16; // a string: pointer and size
  return llvm::divideCeil(t.getIntOrFloatBitWidth(), 8);
}

/// Pre-order numbers: an op covers the range of everything inside it.
struct Positions {
  llvm::DenseMap<Operation *, std::pair<int64_t, int64_t>> range;
  explicit Positions(func::FuncOp f) {
    int64_t next = 0;
    number(f, next);
  }
  void number(Operation *op, int64_t &next) {
    int64_t begin = next++;
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (Operation &inner : block) number(&inner, next);
    range[op] = {begin, next - 1};
  }
};

struct Buffer {
  memref::AllocOp alloc;
  int64_t begin = 0, end = 0; // positions, inclusive
  int64_t bytes = 0;          // static size
  int64_t offset = -1;
};

/// Lowest offset at which every buffer fits beside those alive with it; returns the size of the whole.
int64_t assignOffsets(MutableArrayRef<Buffer> buffers) {
  SmallVector<Buffer *> order;
  for (Buffer &b : buffers) order.push_back(&b);
  llvm::stable_sort(order, [](Buffer *a, Buffer *b) { return a->bytes > b->bytes; });
  SmallVector<Buffer *> placed; // by offset
  int64_t total = 0;
  for (Buffer *b : order) {
    int64_t at = 0;
    for (Buffer *other : placed) {
      if (other->end < b->begin || b->end < other->begin) continue;
      if (at + b->bytes <= other->offset) break;
      at = std::max(at, other->offset + other->bytes);
    }
    b->offset = at;
    total = std::max(total, at + b->bytes);
    placed.insert(llvm::upper_bound(placed, b, [](Buffer *x, Buffer *y) { return x->offset < y->offset; }), b);
  }
  return total;
}

/// The most bytes that are alive at once: no placement can do with less.
int64_t largestLiveSet(ArrayRef<Buffer> buffers) {
  SmallVector<std::pair<int64_t, int64_t>> changes; // position, bytes
  for (const Buffer &b : buffers) {
    changes.emplace_back(b.begin, b.bytes);
    changes.emplace_back(b.end + 1, -b.bytes);
  }
  llvm::sort(changes);
  int64_t alive = 0, most = 0;
  for (auto [position, bytes] : changes) most = std::max(most, alive += bytes);
  return most;
}

struct PlanMemoryPass : ingot::impl::PlanMemoryBase<PlanMemoryPass> {
  using PlanMemoryBase::PlanMemoryBase;
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main) return;
    planWeights(module, main);
    planArena(module, main);
  }

  //===------------------------------- weights ---------------------------------===//

  void planWeights(ModuleOp module, func::FuncOp main) {
    OpBuilder b(&getContext());
    SmallVector<Attribute> entries;
    llvm::StringMap<int64_t> offsets;
    int64_t total = 0;
    SmallVector<memref::GetGlobalOp> gets;
    main.walk([&](memref::GetGlobalOp get) { gets.push_back(get); });
    for (memref::GetGlobalOp get : gets) {
      auto global = module.lookupSymbol<memref::GlobalOp>(get.getName());
      MemRefType type = global.getType();
      auto [it, isNew] = offsets.try_emplace(get.getName(), total);
      if (isNew) {
        entries.push_back(b.getDictionaryAttr({b.getNamedAttr("offset", b.getI64IntegerAttr(total)),
                                               b.getNamedAttr("value", *global.getInitialValue())}));
        total += llvm::alignTo(type.getNumElements() * elementBytes(type), kAlignment) + (apart ? kAlignment : 0);
      }
      b.setInsertionPoint(get);
      get.replaceAllUsesWith(
          WeightOp::create(b, get.getLoc(), get.getType(), main.getArgument(0), it->second).getResult());
      get.erase();
    }
    for (auto global : llvm::make_early_inc_range(module.getOps<memref::GlobalOp>())) global.erase();
    module->setAttr("ingot.weights", b.getArrayAttr(entries));
    module->setAttr("ingot.weight_bytes", b.getI64IntegerAttr(total));
  }

  //===-------------------------------- arena ----------------------------------===//

  void planArena(ModuleOp module, func::FuncOp main) {
    SmallVector<Buffer> fixed, sized;
    SmallVector<memref::AllocOp> free;
    Positions positions(main);
    BufferViewFlowAnalysis aliases(main);
    main.walk([&](memref::AllocOp alloc) {
      Buffer buffer{alloc};
      bool hasRange = !apart && lifetime(buffer, aliases, positions);
      if (hasRange && alloc.getType().hasStaticShape()) {
        buffer.bytes = std::max<int64_t>(llvm::alignTo(alloc.getType().getNumElements() * elementBytes(alloc.getType()), kAlignment), kAlignment);
        fixed.push_back(buffer);
      } else if (hasRange && isSizedByInputs(alloc, main)) {
        sized.push_back(buffer);
      } else {
        free.push_back(alloc);
      }
    });

    OpBuilder b(&getContext());
    Location loc = main.getLoc();
    int64_t fixedBytes = assignOffsets(fixed);
    if (!fixed.empty() || !sized.empty()) {
      Operation *after = nullptr; // the sizes come from the inputs
      for (Operation &op : main.getBody().front())
        if (isa<InputOp>(op)) after = &op;
      if (after) b.setInsertionPointAfter(after);
      else b.setInsertionPointToStart(&main.getBody().front());
      placeInArena(b, loc, main, fixed, fixedBytes, sized);
    }
    for (memref::AllocOp alloc : free) {
      b.setInsertionPoint(alloc);
      Value bytes = byteSize(b, alloc, alloc.getDynamicSizes());
      Value segment = AllocateOp::create(b, alloc.getLoc(), bytesType(), main.getArgument(0), bytes);
      replace(b, alloc, segment, arith::ConstantIndexOp::create(b, alloc.getLoc(), 0), alloc.getDynamicSizes());
    }
    module->setAttr("ingot.arena_bytes", b.getI64IntegerAttr(sized.empty() ? fixedBytes : -1));
    module->setAttr("ingot.arena_lower_bound", b.getI64IntegerAttr(sized.empty() ? largestLiveSet(fixed) : -1));
  }

  /// False if the buffer may be needed by a later iteration of a loop that allocates it.
  static bool lifetime(Buffer &buffer, BufferViewFlowAnalysis &aliases, Positions &positions) {
    Operation *alloc = buffer.alloc;
    buffer.begin = buffer.end = positions.range[alloc].first;
    auto extend = [&](Operation *user) {
      // The use counts where it happens in the alloc's block; outside of it, the alloc counts where its ancestor is.
      Operation *a = alloc;
      while (a) {
        if (Operation *u = a->getBlock()->findAncestorOpInBlock(*user)) {
          buffer.begin = std::min(buffer.begin, positions.range[a].first);
          buffer.end = std::max(buffer.end, positions.range[u].second);
          return true;
        }
        a = a->getParentOp();
        if (!a || isa<LoopLikeOpInterface>(a)) return false;
      }
      return false;
    };
    for (Value v : aliases.resolve(buffer.alloc)) {
      if (auto arg = dyn_cast<BlockArgument>(v)) {
        // A loop-carried alias: alive as long as the loop, unless it is allocated inside of that loop.
        Operation *parent = arg.getOwner()->getParentOp();
        if (parent->isAncestor(alloc) || !extend(parent)) return false;
      }
      for (Operation *user : v.getUsers())
        if (!extend(user)) return false;
    }
    return true;
  }

  static bool isSizedByInputs(memref::AllocOp alloc, func::FuncOp main) {
    SmallVector<Value> work(alloc.getDynamicSizes());
    llvm::DenseSet<Value> seen;
    while (!work.empty()) {
      Value v = work.pop_back_val();
      if (!seen.insert(v).second) continue;
      Operation *op = v.getDefiningOp();
      if (!op || isa<InputOp>(op)) {
        if (!op) return false;
        continue;
      }
      if (auto dim = dyn_cast<memref::DimOp>(op)) {
        if (!dim.getSource().getDefiningOp<InputOp>() || !dim.getConstantIndex()) return false;
        continue;
      }
      if (op->getNumRegions() || !isPure(op) || isa<memref::MemRefDialect>(op->getDialect())) return false;
      llvm::append_range(work, op->getOperands());
    }
    return true;
  }

  /// Copies the computation of a size to the insertion point.
  static Value hoist(OpBuilder &b, Value v, IRMapping &map) {
    if (Value known = map.lookupOrNull(v)) return known;
    Operation *op = v.getDefiningOp();
    if (isa<InputOp>(op)) return v;
    for (Value operand : op->getOperands()) map.map(operand, hoist(b, operand, map));
    b.clone(*op, map);
    return map.lookup(v);
  }

  void placeInArena(OpBuilder &b, Location loc, func::FuncOp main, ArrayRef<Buffer> fixed, int64_t fixedBytes, ArrayRef<Buffer> sized) {
    struct Slot {
      int64_t end;           // last position of its current holder
      Value bytes;           // largest size held so far
      SmallVector<Value> holders;
    };
    SmallVector<Slot> slots;
    SmallVector<std::pair<unsigned, SmallVector<Value>>> placement; // slot and sizes of each dynamic buffer
    IRMapping map;
    llvm::DenseMap<std::pair<Value, int64_t>, Value> products;
    for (const Buffer &buffer : sized) {
      memref::AllocOp alloc = buffer.alloc;
      SmallVector<Value> sizes;
      for (Value v : alloc.getDynamicSizes()) sizes.push_back(hoist(b, v, map));
      Value bytes = alignedSize(b, alloc, sizes);
      // A free slot, best one that has held a buffer of the same size.
      Slot *best = nullptr;
      for (Slot &slot : slots) {
        if (slot.end >= buffer.begin) continue;
        if (!best || llvm::is_contained(slot.holders, bytes)) best = &slot;
      }
      if (!best) {
        slots.push_back({0, bytes, {bytes}});
        best = &slots.back();
      } else if (!llvm::is_contained(best->holders, bytes)) {
        best->bytes = arith::MaxSIOp::create(b, loc, best->bytes, bytes);
        best->holders.push_back(bytes);
      }
      best->end = buffer.end;
      placement.push_back({unsigned(best - slots.data()), sizes});
    }
    SmallVector<Value> slotOffsets;
    Value total = arith::ConstantIndexOp::create(b, loc, fixedBytes);
    for (Slot &slot : slots) {
      slotOffsets.push_back(total);
      total = arith::AddIOp::create(b, loc, total, slot.bytes);
    }
    Value arena = ArenaOp::create(b, loc, bytesType(), main.getArgument(0), total);
    for (const Buffer &buffer : fixed) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(buffer.alloc);
      replace(b, buffer.alloc, arena, arith::ConstantIndexOp::create(b, loc, buffer.offset), {});
    }
    for (auto [buffer, place] : llvm::zip(sized, placement)) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(buffer.alloc);
      replace(b, buffer.alloc, arena, slotOffsets[place.first], place.second);
    }
  }

  MemRefType bytesType() { return MemRefType::get({ShapedType::kDynamic}, IntegerType::get(&getContext(), 8)); }

  /// More bytes than any machine addresses, and still far from overflow when added up.
  static constexpr int64_t kTooManyBytes = int64_t(1) << 48;

  /// Bytes of an allocation.  Sizes come from data too: a product that overflows, or with a negative size, counts as more than there is.
  static Value byteSize(OpBuilder &b, memref::AllocOp alloc, ValueRange sizes) {
    Location loc = alloc.getLoc();
    MemRefType type = alloc.getType();
    int64_t fixed = elementBytes(type);
    for (int64_t d : type.getShape())
      if (!ShapedType::isDynamic(d)) fixed *= d;
    Value bytes = arith::ConstantIndexOp::create(b, loc, fixed);
    if (sizes.empty()) return bytes;
    Value zero = arith::ConstantIndexOp::create(b, loc, 0), most = arith::ConstantIndexOp::create(b, loc, kTooManyBytes), carry = zero;
    for (Value size : sizes) {
      auto product = arith::MulUIExtendedOp::create(b, loc, bytes, size);
      bytes = product.getLow();
      carry = arith::OrIOp::create(b, loc, carry, product.getHigh());
    }
    Value overflows = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, carry, zero);
    return arith::SelectOp::create(b, loc, overflows, most, arith::MinUIOp::create(b, loc, bytes, most));
  }

  Value alignedSize(OpBuilder &b, memref::AllocOp alloc, ValueRange sizes) {
    Location loc = alloc.getLoc();
    Value bytes = byteSize(b, alloc, sizes);
    Value mask = arith::ConstantIndexOp::create(b, loc, kAlignment - 1), clear = arith::ConstantIndexOp::create(b, loc, -kAlignment);
    return arith::AndIOp::create(b, loc, arith::AddIOp::create(b, loc, bytes, mask), clear);
  }

  static void replace(OpBuilder &b, memref::AllocOp alloc, Value base, Value offset, ValueRange sizes) {
    MemRefType type = alloc.getType();
    auto plain = MemRefType::get(type.getShape(), type.getElementType());
    Value view = memref::ViewOp::create(b, alloc.getLoc(), plain, base, offset, sizes);
    alloc.replaceAllUsesWith(view);
    alloc.erase();
  }
};
} // namespace
