//===- Sanitize.cpp - checked accesses for --sanitize=address ----------------------------===//
//
// LLVM's pass checks accesses against shadow memory. What malloc, alloca and globals give is marked there by the runtime; segments, results
// and constants are pieces of larger blocks to it, so the code marks what lies around them as it gets them.
//
//===----------------------------------------------------------------------------------===//
#include "Sanitize.h"
#include "ObjectWriter.h"
#include "ingot/Runtime/Frame.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/Instrumentation/AddressSanitizer.h"
#include <cstddef>

using namespace llvm;

namespace ingot {
namespace {

constexpr int64_t alignment = 64; // of all that the runtime core gives, and sizes are rounded up to it

class Marker {
public:
  explicit Marker(Module &module) : module(module), bytes(Type::getInt64Ty(module.getContext())), pointer(PointerType::get(module.getContext(), 0)) {}

  void forbid(IRBuilder<> &b, Value *p, Value *size) { b.CreateCall(function("__asan_poison_memory_region"), {p, size}); }
  void allow(IRBuilder<> &b, Value *p, Value *size) { b.CreateCall(function("__asan_unpoison_memory_region"), {p, size}); }

  /// Of a block at `p`, null or aligned, only the first `size` bytes may be touched, and nothing of the `before` bytes before it.
  void guard(IRBuilder<> &b, Value *p, Value *size, int64_t before) {
    // There is no branch where the pointer is null: then nothing is marked.
    Value *null = b.CreateIsNull(p);
    Value *misplaced = b.CreateICmpNE(b.CreateAnd(b.CreatePtrToInt(p, bytes), alignment - 1), b.getInt64(0));
    Value *none = b.CreateOr(null, misplaced), *zero = b.getInt64(0);
    Value *rounded = b.CreateAnd(b.CreateAdd(size, b.getInt64(alignment - 1)), -alignment);
    rounded = b.CreateSelect(b.CreateICmpEQ(size, zero), b.getInt64(alignment), rounded);
    allow(b, p, b.CreateSelect(none, zero, size));
    forbid(b, b.CreatePtrAdd(p, size), b.CreateSelect(none, zero, b.CreateSub(rounded, size)));
    if (before)
      forbid(b, b.CreatePtrAdd(p, b.getInt64(-before)), b.CreateSelect(none, zero, b.getInt64(before)));
  }

  Type *bytesType() const { return bytes; }
  Type *pointerType() const { return pointer; }

private:
  FunctionCallee function(StringRef name) { return module.getOrInsertFunction(name, Type::getVoidTy(module.getContext()), pointer, bytes); }

  Module &module;
  Type *bytes, *pointer;
};

/// Segments lie behind a header of the core's own.
void guardSegment(Marker &marker, CallInst &call) {
  IRBuilder<> b(call.getNextNode());
  marker.guard(b, &call, b.CreateZExtOrTrunc(call.getArgOperand(1), marker.bytesType()), alignment);
}

/// The frame says how long a result is.
void guardResult(Marker &marker, CallInst &call) {
  IRBuilder<> b(call.getNextNode());
  Value *outputs = b.CreateLoad(marker.pointerType(), b.CreatePtrAdd(call.getArgOperand(0), b.getInt64(offsetof(ingot_frame, outputs))));
  Value *index = b.CreateZExtOrTrunc(call.getArgOperand(1), marker.bytesType());
  Value *place = b.CreatePtrAdd(outputs, b.CreateAdd(b.CreateMul(index, b.getInt64(sizeof(ingot_tensor))), b.getInt64(offsetof(ingot_tensor, bytes))));
  marker.guard(b, &call, b.CreateLoad(marker.bytesType(), place), 0);
}

/// What lies between constants, which ingot-plan-memory keeps apart.
void guardConstants(Marker &marker, Function &main, mlir::ModuleOp module) {
  auto constants = module->getAttrOfType<mlir::ArrayAttr>("ingot.weights");
  if (!constants || constants.empty())
    return;
  IRBuilder<> b(&*main.getEntryBlock().getFirstInsertionPt());
  Value *base = b.CreateLoad(marker.pointerType(), b.CreatePtrAdd(main.getArg(0), b.getInt64(offsetof(ingot_frame, weights))));
  auto offsetOf = [](mlir::Attribute entry) { return mlir::cast<mlir::IntegerAttr>(mlir::cast<mlir::DictionaryAttr>(entry).get("offset")).getInt(); };
  for (auto [i, attribute] : enumerate(constants)) {
    auto entry = mlir::cast<mlir::DictionaryAttr>(attribute);
    auto type = mlir::cast<mlir::ElementsAttr>(entry.get("value")).getShapedType();
    if (!type.getElementType().isIntOrFloat())
      continue;
    int64_t begin = offsetOf(entry);
    int64_t size = type.getNumElements() * int64_t(divideCeil(type.getElementTypeBitWidth(), 8));
    auto whole = module->getAttrOfType<mlir::IntegerAttr>("ingot.weight_bytes");
    int64_t end = i + 1 < constants.size() ? offsetOf(constants[i + 1]) : whole ? whole.getInt() : begin + size;
    marker.forbid(b, b.CreatePtrAdd(base, b.getInt64(begin + size)), b.getInt64(end - begin - size));
  }
}

} // namespace

void sanitizeAddresses(Module &llvmModule, Function &main, mlir::ModuleOp module) {
  Marker marker(llvmModule);
  guardConstants(marker, main, module);
  for (Function &function : llvmModule) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr(Attribute::SanitizeAddress);
    SmallVector<CallInst *> calls;
    for (Instruction &instruction : instructions(function))
      if (auto *call = dyn_cast<CallInst>(&instruction); call && call->getCalledFunction())
        calls.push_back(call);
    for (CallInst *call : calls) {
      StringRef name = call->getCalledFunction()->getName();
      if (name == "ingot_frame_allocate")
        guardSegment(marker, *call);
      else if (name == "ingot_frame_output")
        guardResult(marker, *call);
    }
  }
  Analyses analyses;
  ModulePassManager passes;
  // A model has no constructors, which would tell the runtime of its globals.
  passes.addPass(AddressSanitizerPass(AddressSanitizerOptions(), /*UseGlobalGC=*/false, /*UseOdrIndicator=*/false, AsanDtorKind::None, AsanCtorKind::None));
  passes.run(llvmModule, analyses.modules);
}

} // namespace ingot
