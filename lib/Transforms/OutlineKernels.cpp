//===- OutlineKernels.cpp - one function per distinct compute op ---------------------------===//
//
// The unit of tuning, sharing and reporting. An op moves with the scalars and views it needs into a function over buffers; functions
// that print the same are one. A buffer's offset is not part of its type there, so equal layers share a kernel wherever they lie.
//===-----------------------------------------------------------------------------===//
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

namespace ingot {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

namespace {

bool isCompute(Operation *op) {
  if (isa<ContractOp, memref::CopyOp>(op) || (isa<scf::ParallelOp>(op) && op->hasAttr("ingot.cost"))) return true;
  return isa<linalg::LinalgOp>(op) && op->getNumResults() == 0;
}

/// Buffers of a kernel may start anywhere in a larger one.
Type kernelType(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref) return type;
  SmallVector<int64_t> strides;
  int64_t offset;
  if (memref.getLayout().isIdentity() || failed(memref.getStridesAndOffset(strides, offset)) || offset == ShapedType::kDynamic)
    return type;
  return MemRefType::get(memref.getShape(), memref.getElementType(),
                         StridedLayoutAttr::get(type.getContext(), ShapedType::kDynamic, strides), memref.getMemorySpace());
}

/// The nodes that an op computes: its own and those that were fused into it.
Location nodesOf(Operation *op) {
  llvm::SetVector<Location> names;
  op->walk<WalkOrder::PreOrder>([&](Operation *inner) {
    inner->getLoc()->walk([&](Location loc) {
      if (isa<NameLoc>(loc)) names.insert(loc);
      return WalkResult::advance();
    });
  });
  return names.empty() ? op->getLoc() : FusedLoc::get(op->getContext(), names.getArrayRef());
}

/// "Conv:conv1" as an identifier: the operator names the kernel.
std::string kernelName(Operation *op) {
  std::string name;
  op->getLoc()->walk([&](Location loc) {
    if (auto named = dyn_cast<NameLoc>(loc)) {
      StringRef text = named.getName().strref();
      name = text.take_until([](char c) { return c == ':'; }).str();
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  if (name.empty()) name = op->getName().stripDialect().str();
  for (char &c : name)
    if (!llvm::isAlnum(c)) c = '_';
  return "kernel_" + name;
}

struct OutlineKernelsPass : ingot::impl::OutlineKernelsBase<OutlineKernelsPass> {
  llvm::StringMap<func::FuncOp> kernels; // printed body to kernel

  void runOnOperation() override {
    ModuleOp module = getOperation();
    kernels.clear();
    SymbolTable symbols(module);
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main) return;
    SmallVector<Operation *> work;
    main.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (!isCompute(op)) return WalkResult::advance();
      work.push_back(op);
      return WalkResult::skip();
    });
    for (Operation *op : work) outline(op, main, symbols);
  }

  void outline(Operation *op, func::FuncOp main, SymbolTable &symbols) {
    // What the op uses: operands and values captured by its regions; constants travel along.
    llvm::SetVector<Value> uses;
    auto collect = [&](Operation *user) {
      for (Value v : user->getOperands())
        if (!op->isAncestor(v.getParentBlock()->getParentOp())) uses.insert(v);
    };
    op->walk(collect);
    SmallVector<Value> args;
    SmallVector<Operation *> constants;
    for (Value v : uses) {
      Operation *def = v.getDefiningOp();
      if (def && def->hasTrait<OpTrait::ConstantLike>() && !isa<ShapedType>(v.getType()))
        constants.push_back(def);
      else
        args.push_back(v);
    }

    OpBuilder b(op->getContext());
    Location loc = op->getLoc();
    SmallVector<Type> argTypes{main.getArgument(0).getType()};
    for (Value v : args) argTypes.push_back(kernelType(v.getType()));
    auto kernel = func::FuncOp::create(loc, "kernel", b.getFunctionType(argTypes, {}));
    Block *body = kernel.addEntryBlock();
    b.setInsertionPointToStart(body);
    IRMapping map;
    for (auto [v, arg] : llvm::zip(args, body->getArguments().drop_front())) map.map(v, arg);
    for (Operation *constant : constants) b.clone(*constant, map);
    b.clone(*op, map);
    func::ReturnOp::create(b, loc);
    kernel.setPrivate();
    kernel->setAttr("ingot.kernel", b.getUnitAttr());

    std::string key;
    llvm::raw_string_ostream os(key);
    kernel->print(os, OpPrintingFlags().useLocalScope().elideLargeElementsAttrs(1 << 20));
    auto [it, isNew] = kernels.try_emplace(key, kernel);
    if (isNew) {
      kernel.setName(kernelName(op));
      symbols.insert(kernel);
    } else {
      kernel->erase();
      kernel = it->second;
    }

    b.setInsertionPoint(op);
    SmallVector<Value> operands{main.getArgument(0)};
    for (auto [v, type] : llvm::zip(args, llvm::drop_begin(argTypes)))
      operands.push_back(v.getType() == type ? v : memref::CastOp::create(b, loc, type, v).getResult());
    func::CallOp::create(b, nodesOf(op), kernel, operands);
    op->erase();
  }
};
} // namespace
