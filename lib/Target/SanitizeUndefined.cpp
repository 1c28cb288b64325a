//===- SanitizeUndefined.cpp - checked arithmetic for --sanitize=undefined -----------------===//
//
// In LLVM IR an overflow that flags rule out, or a float cast to an integer that does not hold it, is no fault by itself: its result is poison,
// which a select may leave out. It is a fault to use that. So each value that may be poison has a shadow that says, lane by lane, whether it is,
// and what must not use poison asks: addresses, branches, divisors, stores, calls. Nothing undefined is in memory, as it cannot be stored.
//
//===----------------------------------------------------------------------------------===//
#include "Poison.h"
#include "Sanitize.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;

namespace ingot {
namespace {

bool isPure(const CallBase &call) { return isa<IntrinsicInst>(call) && call.doesNotAccessMemory() && !isa<AssumeInst>(call); }

/// Whether the result of `i` is poison where an operand is.
bool passesPoison(const Instruction &i) {
  if (i.getType()->isVoidTy() || isa<LoadInst, FreezeInst, AllocaInst, AtomicRMWInst, AtomicCmpXchgInst>(i))
    return false;
  if (auto *call = dyn_cast<CallBase>(&i))
    return isPure(*call) || (isa<IntrinsicInst>(call) && cast<IntrinsicInst>(call)->getIntrinsicID() == Intrinsic::masked_load);
  return true;
}

/// A use of a value, and in a masked access the mask: other lanes are not used.
struct Sink {
  Value *value, *mask;
  const char *what;
};

SmallVector<Sink> sinksOf(Instruction &i) {
  constexpr const char *address = "an address is undefined", *stored = "an undefined value is stored", *decides = "an undefined value decides a branch";
  if (auto *load = dyn_cast<LoadInst>(&i))
    return {{load->getPointerOperand(), nullptr, address}};
  if (auto *store = dyn_cast<StoreInst>(&i))
    return {{store->getPointerOperand(), nullptr, address}, {store->getValueOperand(), nullptr, stored}};
  if (auto *branch = dyn_cast<BranchInst>(&i); branch && branch->isConditional())
    return {{branch->getCondition(), nullptr, decides}};
  if (auto *choice = dyn_cast<SwitchInst>(&i))
    return {{choice->getCondition(), nullptr, decides}};
  if (auto *result = dyn_cast<ReturnInst>(&i); result && result->getReturnValue())
    return {{result->getReturnValue(), nullptr, "an undefined value is returned"}};
  if (i.isIntDivRem())
    return {{i.getOperand(1), nullptr, "a divisor is undefined"}};
  auto *call = dyn_cast<CallBase>(&i);
  if (!call || isPure(*call) || call->isInlineAsm())
    return {};
  if (auto *intrinsic = dyn_cast<IntrinsicInst>(&i)) {
    Value *first = call->arg_size() > 0 ? call->getArgOperand(0) : nullptr, *second = call->arg_size() > 1 ? call->getArgOperand(1) : nullptr;
    switch (intrinsic->getIntrinsicID()) {
    case Intrinsic::masked_load:
    case Intrinsic::masked_gather:
      return {{first, second, address}, {second, nullptr, address}};
    case Intrinsic::masked_store:
    case Intrinsic::masked_scatter:
      return {{second, call->getArgOperand(2), address}, {first, call->getArgOperand(2), stored}, {call->getArgOperand(2), nullptr, address}};
    default:
      break;
    }
  }
  SmallVector<Sink> sinks;
  for (Value *argument : call->args())
    sinks.push_back({argument, nullptr, "an undefined value is given to a function"});
  return sinks;
}

class FunctionChecker {
public:
  explicit FunctionChecker(Function &function) : function(function), name(function.getName().str()) {}

  void run() {
    for (BasicBlock *block : ReversePostOrderTraversal<Function *>(&function))
      for (Instruction &i : *block)
        order.push_back(&i);
    findPoisonable();
    for (Instruction *i : order)
      if (poisonable.contains(i))
        addShadow(*i);
    for (auto &[phi, shadow] : phis)
      for (unsigned k = 0; k < phi->getNumIncomingValues(); ++k)
        shadow->addIncoming(shadowOf(phi->getIncomingValue(k), shadow->getType(), phi->getIncomingBlock(k)->getTerminator()), phi->getIncomingBlock(k));
    // What is checked must not be assumed by the optimiser.
    for (Instruction *i : order)
      if (poisonable.contains(i))
        i->dropPoisonGeneratingFlags();
    for (Instruction *i : order)
      addChecks(*i);
  }

private:
  void findPoisonable() {
    for (bool changed = true; changed;) {
      changed = false;
      for (Instruction *i : order) {
        bool is = !poisonable.contains(i) && (mayMakePoison(*i) || (passesPoison(*i) && any_of(i->operands(), [&](Value *v) { return poisonable.contains(v); })));
        if (is)
          poisonable.insert(i);
        changed |= is;
      }
    }
  }

  /// The shadow of `value` in the shape `type`.
  Value *shadowOf(Value *value, Type *type, Instruction *before) {
    Value *shadow = shadows.lookup(value);
    if (!shadow)
      return Constant::getNullValue(type);
    if (shadow->getType() == type)
      return shadow;
    IRBuilder<> b(before);
    Value *any = anyOf(b, shadow);
    auto *vector = dyn_cast<VectorType>(type);
    return vector ? b.CreateVectorSplat(vector->getElementCount(), any) : any;
  }

  void addShadow(Instruction &i) {
    Type *type = truthOf(i.getType());
    if (auto *phi = dyn_cast<PHINode>(&i)) {
      PHINode *shadow = PHINode::Create(type, phi->getNumIncomingValues(), "", phi->getParent()->getFirstNonPHIIt());
      phis.push_back({phi, shadow});
      shadows[&i] = shadow;
      return;
    }
    Instruction *next = i.getNextNode();
    IRBuilder<> b(next);
    Value *shadow = passed(b, i, type, next);
    if (mayMakePoison(i))
      if (Value *made = makesPoison(b, i)) {
        if (made->getType() != type)
          made = anyOf(b, made);
        origins.insert(&i);
        shadow = shadow ? b.CreateOr(shadow, made) : made;
      }
    if (shadow)
      shadows[&i] = shadow;
  }

  /// What comes from the operands.
  Value *passed(IRBuilder<> &b, Instruction &i, Type *type, Instruction *next) {
    if (!passesPoison(i) || none_of(i.operands(), [&](Value *v) { return shadows.contains(v); }))
      return nullptr;
    auto of = [&](unsigned operand, Type *as) { return shadowOf(i.getOperand(operand), as, next); };
    auto same = [&](unsigned operand) { return of(operand, truthOf(i.getOperand(operand)->getType())); };
    if (isa<SelectInst>(i))
      return b.CreateOr(of(0, type), b.CreateSelect(i.getOperand(0), of(1, type), of(2, type)));
    if (isa<InsertElementInst>(i))
      return b.CreateInsertElement(same(0), same(1), i.getOperand(2));
    if (isa<ExtractElementInst>(i))
      return b.CreateExtractElement(same(0), i.getOperand(1));
    if (auto *shuffle = dyn_cast<ShuffleVectorInst>(&i)) {
      SmallVector<int> mask(shuffle->getShuffleMask());
      for (int &lane : mask)
        lane = std::max(lane, 0);
      return b.CreateShuffleVector(same(0), same(1), mask);
    }
    if (auto *call = dyn_cast<IntrinsicInst>(&i); call && call->getIntrinsicID() == Intrinsic::masked_load)
      return b.CreateSelect(call->getArgOperand(1), Constant::getNullValue(type), of(2, type));
    Value *shadow = nullptr;
    for (Use &use : i.operands())
      if (shadows.contains(use.get())) {
        Value *operand = of(use.getOperandNo(), type);
        shadow = shadow ? b.CreateOr(shadow, operand) : operand;
      }
    return shadow;
  }

  void addChecks(Instruction &i) {
    for (const Sink &sink : sinksOf(i)) {
      Value *shadow = sink.value ? shadows.lookup(sink.value) : nullptr;
      if (!shadow)
        continue;
      IRBuilder<> b(&i);
      if (sink.mask)
        shadow = shadow->getType() == sink.mask->getType() ? b.CreateAnd(shadow, sink.mask) : b.CreateAnd(anyOf(b, shadow), anyOf(b, sink.mask));
      report(anyOf(b, shadow), i, sink.what + originsOf(sink.value));
    }
    // A call that does not return ends where nothing is reached, which is no fault.
    if (isa<UnreachableInst>(i) && i.getPrevNode() && isa<CallBase>(i.getPrevNode()))
      return;
    IRBuilder<> b(&i);
    if (Value *fault = mustNotRun(b, i))
      report(fault, i, isa<UnreachableInst>(i) ? "code is run that cannot be reached" : i.isIntDivRem() ? "an integer is divided by zero, or the quotient overflows"
                       : isa<AssumeInst>(i) ? "what was assumed does not hold" : "an access is not aligned as it was said to be");
  }

  /// What makes the value undefined, if it is: "add, fptosi".
  std::string originsOf(Value *value) {
    SmallVector<Value *> work{value};
    SmallPtrSet<Value *, 16> seen{value};
    SmallVector<StringRef> names;
    while (!work.empty()) {
      auto *i = dyn_cast<Instruction>(work.pop_back_val());
      if (!i || !poisonable.contains(i))
        continue;
      if (origins.contains(i) && !is_contained(names, i->getOpcodeName()))
        names.push_back(i->getOpcodeName());
      for (Value *operand : i->operands())
        if (seen.insert(operand).second)
          work.push_back(operand);
    }
    llvm::sort(names);
    return names.empty() ? "" : ", which may come from: " + join(names, ", ");
  }

  /// `assert(!fault)` of C's library, which prints and ends the process.
  void report(Value *fault, Instruction &before, const std::string &text) {
    Instruction *end = SplitBlockAndInsertIfThen(fault, &before, /*Unreachable=*/true);
    IRBuilder<> b(end);
    Module &module = *function.getParent();
    auto *pointer = b.getPtrTy();
    FunctionCallee fail = module.getOrInsertFunction("__assert_fail", b.getVoidTy(), pointer, pointer, b.getInt32Ty(), pointer);
    b.CreateCall(fail, {stringOf(text), stringOf(name), b.getInt32(0), stringOf(name)})->setDoesNotReturn();
  }

  /// Each function has strings of its own: functions are compiled apart (Parts.cpp).
  Value *stringOf(const std::string &text) {
    Value *&string = strings[text];
    if (!string) {
      IRBuilder<> b(&*function.getEntryBlock().getFirstInsertionPt());
      string = b.CreateGlobalString(text, "", 0, function.getParent());
    }
    return string;
  }

  Function &function;
  std::string name;
  std::vector<Instruction *> order;
  DenseSet<const Value *> poisonable, origins;
  DenseMap<Value *, Value *> shadows;
  std::vector<std::pair<PHINode *, PHINode *>> phis;
  StringMap<Value *> strings;
};

} // namespace

void sanitizeArithmetic(Module &llvmModule) {
  for (Function &function : llvmModule)
    if (!function.isDeclaration())
      FunctionChecker(function).run();
}

} // namespace ingot
