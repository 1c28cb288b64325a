//===- CloneForTargets.cpp - one object for several classes of processors ------------------------------------===//
//
// What precedes knows nothing of the processor but the panels of the weights, which a kernel of any class can read: so the copies share
// everything but their code. A run picks once, in @main.
//===--------------------------------------------------------------------------------------------------------===//
#include "ingot/Codegen/TargetTable.h"
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Runtime/Frame.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace ingot {
#define GEN_PASS_DEF_CLONEFORTARGETS
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

static std::string nameFor(StringRef function, const TargetRow &target) {
  std::string name = (function + "_" + target.name).str();
  for (char c : {'-', '+'}) llvm::replace(name, c, '_');
  return name;
}

/// Whether there is something that the target's dot products of bytes are faster at.
static bool hasDots(ModuleOp module) {
  return module.walk([](ContractOp op) { return op.isPackedForDots() ? WalkResult::interrupt() : WalkResult::advance(); }).wasInterrupted();
}

namespace {
struct CloneForTargets : ingot::impl::CloneForTargetsBase<CloneForTargets> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal() || targets.empty()) return;
    SmallVector<func::FuncOp> functions;
    for (auto f : module.getOps<func::FuncOp>())
      if (!f.isExternal()) functions.push_back(f);
    bool dots = hasDots(module);
    SmallVector<const TargetRow *> chosen;
    for (auto [i, name] : llvm::enumerate(targets)) {
      const TargetRow &row = lookupTarget(name);
      // The last one serves whatever is left.
      if (dots || row.dots != DotProduct::Quads || i + 1 == targets.size()) chosen.push_back(&row);
    }
    OpBuilder b(main);
    for (const TargetRow *row : chosen) copyFor(*row, functions, b);
    pick(main, chosen, b);
    for (func::FuncOp f : functions) f.erase();
  }

  void copyFor(const TargetRow &target, ArrayRef<func::FuncOp> functions, OpBuilder &b) {
    llvm::DenseMap<StringAttr, StringAttr> names;
    for (func::FuncOp f : functions) names[f.getSymNameAttr()] = b.getStringAttr(nameFor(f.getName(), target));
    for (func::FuncOp f : functions) {
      auto copy = cast<func::FuncOp>(b.clone(*f));
      copy.setSymNameAttr(names[f.getSymNameAttr()]);
      copy.setPrivate();
      copy->setAttr("ingot.target", b.getStringAttr(target.name));
      if (f.getName() == "main") copy->setAttr("ingot.main", b.getUnitAttr());
      AttrTypeReplacer replacer;
      replacer.addReplacement([&](FlatSymbolRefAttr symbol) {
        StringAttr name = names.lookup(symbol.getAttr());
        return name ? FlatSymbolRefAttr::get(name) : symbol;
      });
      replacer.recursivelyReplaceElementsIn(copy);
    }
  }

  void pick(func::FuncOp main, ArrayRef<const TargetRow *> chosen, OpBuilder &b) {
    Location loc = main.getLoc();
    auto picker = func::FuncOp::create(b, loc, "main", main.getFunctionType());
    b.setInsertionPointToStart(picker.addEntryBlock());
    Type ptr = LLVM::LLVMPointerType::get(b.getContext());
    Value at = LLVM::GEPOp::create(b, loc, ptr, b.getI8Type(), picker.getArgument(0), ArrayRef<LLVM::GEPArg>{int32_t(offsetof(ingot_frame, features))});
    Value features = LLVM::LoadOp::create(b, loc, b.getI64Type(), at);
    func::ReturnOp::create(b, loc, callBest(picker, features, chosen, b));
  }

  /// Calls the first of `rest` that the processor is of.
  Value callBest(func::FuncOp picker, Value features, ArrayRef<const TargetRow *> rest, OpBuilder &b) {
    Location loc = picker.getLoc();
    const TargetRow &target = *rest.front();
    auto call = [&] {
      return func::CallOp::create(b, loc, nameFor("main", target), picker.getResultTypes(), picker.getArguments()).getResult(0);
    };
    if (rest.size() == 1 || target.cpuFeature < 0) return call();
    Value mask = arith::ConstantIntOp::create(b, loc, int64_t(1) << target.cpuFeature, 64), none = arith::ConstantIntOp::create(b, loc, 0, 64);
    Value has = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, arith::AndIOp::create(b, loc, features, mask), none);
    auto branch = scf::IfOp::create(b, loc, picker.getResultTypes(), has, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    Value result = call();
    scf::YieldOp::create(b, loc, result);
    b.setInsertionPointToStart(branch.elseBlock());
    result = callBest(picker, features, rest.drop_front(), b);
    scf::YieldOp::create(b, loc, result);
    return branch.getResult(0);
  }
};
} // namespace
