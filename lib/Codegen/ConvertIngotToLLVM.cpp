//===- ConvertIngotToLLVM.cpp - the runtime boundary as calls and early exits --------------------===//
//
// Ops that can fail end the run: the block is split behind them and the failing side branches to the function's exit, which returns
// the status of the frame. Buffers from the frame become memref descriptors; the rest of the function is lowered by upstream conversions.
//===-----------------------------------------------------------------------------===//
#include "CallSite.h"
#include "ingot/Dialect/Ingot/IngotDialect.h"
#include "ingot/Runtime/Frame.h"
#include "ingot/Transforms/Passes.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include <cstddef>

namespace ingot {
#define GEN_PASS_DEF_CONVERTINGOTTOLLVM
#include "ingot/Transforms/Passes.h.inc"
} // namespace ingot

using namespace mlir;
using namespace ingot;

namespace {

/// Work below this many nanoseconds is not worth a fork and join.
constexpr int64_t kForkThreshold = 20000;

struct Lowering {
  ModuleOp module;
  MLIRContext *context = module.getContext();
  ImplicitLocOpBuilder b{module.getLoc(), context};
  LowerToLLVMOptions options{context};
  LLVMTypeConverter types{context, options};
  Type ptr = LLVM::LLVMPointerType::get(context), i64 = b.getI64Type(), i32 = b.getI32Type(), i8 = b.getI8Type();
  Block *exit = nullptr; // of the model's function
  int strings = 0, sites = 0;

  explicit Lowering(ModuleOp module) : module(module) {}

  LLVM::LLVMFuncOp external(StringRef name, ArrayRef<Type> args, Type result) {
    if (auto f = module.lookupSymbol<LLVM::LLVMFuncOp>(name)) return f;
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(module.getBody());
    return LLVM::LLVMFuncOp::create(b, name, LLVM::LLVMFunctionType::get(result, args));
  }
  Value constant(Type type, int64_t v) { return LLVM::ConstantOp::create(b, type, b.getIntegerAttr(type, v)); }
  Value field(Value base, int64_t bytes, Type type) {
    Value at = bytes ? LLVM::GEPOp::create(b, ptr, i8, base, LLVM::GEPArg(bytes)).getResult() : base;
    return LLVM::LoadOp::create(b, type, at);
  }
  Value toIndex(Value v) { return UnrealizedConversionCastOp::create(b, TypeRange(b.getIndexType()), v).getResult(0); }
  Value toI64(Value v) { return UnrealizedConversionCastOp::create(b, TypeRange(i64), v).getResult(0); }

  /// A string of the module, by content.
  Value string(StringRef text) {
    std::string terminated = text.str() + '\0';
    auto type = LLVM::LLVMArrayType::get(i8, terminated.size());
    LLVM::GlobalOp global;
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(module.getBody());
      global = LLVM::GlobalOp::create(b, type, /*isConstant=*/true, LLVM::Linkage::Private, "ingot_text_" + std::to_string(strings++),
                                      b.getStringAttr(terminated));
    }
    return LLVM::AddressOfOp::create(b, ptr, global.getSymName());
  }

  /// Dimensions as an array in the frame of the function.
  Value dimsArray(ArrayRef<Value> dims) {
    if (dims.empty()) return LLVM::ZeroOp::create(b, ptr);
    OpBuilder::InsertPoint here = b.saveInsertionPoint();
    // In the entry block, so that the stack does not grow in loops.
    b.setInsertionPointToStart(&b.getInsertionBlock()->getParent()->front());
    Value array = LLVM::AllocaOp::create(b, ptr, i64, constant(i64, dims.size()), 8);
    b.restoreInsertionPoint(here);
    for (auto [i, d] : llvm::enumerate(dims))
      LLVM::StoreOp::create(b, d, LLVM::GEPOp::create(b, ptr, i64, array, LLVM::GEPArg(i)));
    return array;
  }

  /// Continues only if the condition holds.
  void continueIf(Value ok) {
    Block *here = b.getInsertionBlock();
    Block *next = here->splitBlock(b.getInsertionPoint());
    b.setInsertionPointToEnd(here);
    auto branch = cf::CondBranchOp::create(b, ok, next, exit);
    (void)branch;
    b.setInsertionPointToStart(next);
  }
  void continueIfNotNull(Value p) {
    continueIf(LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::ne, p, LLVM::ZeroOp::create(b, ptr)));
  }

  /// A descriptor of contiguous memory.
  Value buffer(MemRefType type, Value data, ArrayRef<Value> dims) {
    auto descriptor = MemRefDescriptor::poison(b, b.getLoc(), types.convertType(type));
    descriptor.setAllocatedPtr(b, b.getLoc(), data);
    descriptor.setAlignedPtr(b, b.getLoc(), data);
    descriptor.setConstantOffset(b, b.getLoc(), 0);
    Value stride = constant(i64, 1);
    for (int64_t i = type.getRank() - 1; i >= 0; --i) {
      descriptor.setSize(b, b.getLoc(), i, dims[i]);
      descriptor.setStride(b, b.getLoc(), i, stride);
      if (i) stride = LLVM::MulOp::create(b, stride, dims[i]);
    }
    return UnrealizedConversionCastOp::create(b, TypeRange(type), ValueRange(Value(descriptor))).getResult(0);
  }
  SmallVector<Value> staticDims(MemRefType type, int64_t dynamic) {
    SmallVector<Value> dims;
    for (int64_t d : type.getShape()) dims.push_back(constant(i64, ShapedType::isDynamic(d) ? dynamic : d));
    return dims;
  }

  //===------------------------------ ops of the model's function ------------------------------===//

  void lower(InputOp op) {
    MemRefType type = op.getBuffer().getType();
    auto check = external("ingot_frame_input", {ptr, i32, i32, i32, ptr}, i32);
    Value status = LLVM::CallOp::create(b, check,
                                        ValueRange{op.getFrame(), constant(i32, op.getIndex()), constant(i32, op.getElementType()),
                                                   constant(i32, type.getRank()), dimsArray(staticDims(type, INGOT_UNKNOWN_DIM))})
                       .getResult();
    continueIf(LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::eq, status, constant(i32, INGOT_OK)));
    Value inputs = field(op.getFrame(), offsetof(ingot_frame, inputs), ptr);
    int64_t at = op.getIndex() * sizeof(ingot_tensor);
    Value data = field(inputs, at + offsetof(ingot_tensor, data), ptr);
    SmallVector<Value> dims;
    for (auto [i, d] : llvm::enumerate(type.getShape()))
      dims.push_back(ShapedType::isDynamic(d) ? field(inputs, at + offsetof(ingot_tensor, dims) + 8 * i, i64) : constant(i64, d));
    op.replaceAllUsesWith(buffer(type, data, dims));
  }

  void lower(OutputOp op) {
    MemRefType type = op.getBuffer().getType();
    SmallVector<Value> dims;
    unsigned next = 0;
    for (int64_t d : type.getShape())
      dims.push_back(ShapedType::isDynamic(d) ? toI64(op.getSizes()[next++]) : constant(i64, d));
    auto get = external("ingot_frame_output", {ptr, i32, i32, i32, ptr}, ptr);
    Value data = LLVM::CallOp::create(b, get,
                                      ValueRange{op.getFrame(), constant(i32, op.getIndex()), constant(i32, op.getElementType()),
                                                 constant(i32, type.getRank()), dimsArray(dims)})
                     .getResult();
    continueIfNotNull(data);
    op.replaceAllUsesWith(buffer(type, data, dims));
  }

  void lower(WeightOp op) {
    MemRefType type = op.getBuffer().getType();
    Value base = field(op.getFrame(), offsetof(ingot_frame, weights), ptr);
    Value data = LLVM::GEPOp::create(b, ptr, i8, base, LLVM::GEPArg(constant(i64, op.getOffset())));
    op.replaceAllUsesWith(buffer(type, data, staticDims(type, 0)));
  }

  void lowerAllocation(Operation *op, StringRef function) {
    auto get = external(function, {ptr, i64}, ptr);
    Value bytes = toI64(op->getOperand(1));
    Value data = LLVM::CallOp::create(b, get, ValueRange{op->getOperand(0), bytes}).getResult();
    continueIfNotNull(data);
    op->getResult(0).replaceAllUsesWith(buffer(cast<MemRefType>(op->getResult(0).getType()), data, bytes));
  }

  //===------------------------- values that are no tensors, and calls --------------------------===//

  void lower(TakeOp op) {
    Value inputs = field(op.getFrame(), offsetof(ingot_frame, inputs), ptr);
    op.replaceAllUsesWith(LLVM::GEPOp::create(b, ptr, i8, inputs, LLVM::GEPArg(static_cast<int32_t>(op.getIndex() * sizeof(ingot_tensor)))).getResult());
  }

  void lower(GiveOp op) {
    auto give = external("ingot_frame_give", {ptr, i32, ptr}, i32);
    Value value = op.getValue() ? op.getValue() : LLVM::ZeroOp::create(b, ptr).getResult();
    Value status = LLVM::CallOp::create(b, give, ValueRange{op.getFrame(), constant(i32, op.getIndex()), value}).getResult();
    continueIf(LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::eq, status, constant(i32, INGOT_OK)));
  }

  /// Room in the frame of the function.
  Value room(Type type, int64_t count) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&b.getInsertionBlock()->getParent()->front());
    return LLVM::AllocaOp::create(b, ptr, type, constant(i64, count), 8);
  }
  Value at(Value base, int64_t bytes) { return bytes ? LLVM::GEPOp::create(b, ptr, i8, base, LLVM::GEPArg(static_cast<int32_t>(bytes))).getResult() : base; }

  /// The ingot_tensor of a dense buffer.
  Value describe(Value buffer, int32_t number) {
    auto type = cast<MemRefType>(buffer.getType());
    MemRefDescriptor source(UnrealizedConversionCastOp::create(b, TypeRange(types.convertType(type)), buffer).getResult(0));
    Value tensor = room(LLVM::LLVMArrayType::get(i8, sizeof(ingot_tensor)), 1);
    Value bytes = constant(i64, ingot_element_size(static_cast<ingot_type>(number & 255)));
    for (int64_t d = 0; d < type.getRank(); ++d) {
      Value size = type.isDynamicDim(d) ? source.size(b, b.getLoc(), d) : constant(i64, type.getDimSize(d));
      LLVM::StoreOp::create(b, size, at(tensor, offsetof(ingot_tensor, dims) + 8 * d));
      bytes = LLVM::MulOp::create(b, bytes, size);
    }
    LLVM::StoreOp::create(b, source.alignedPtr(b, b.getLoc()), at(tensor, offsetof(ingot_tensor, data)));
    LLVM::StoreOp::create(b, bytes, at(tensor, offsetof(ingot_tensor, bytes)));
    const std::pair<int64_t, int64_t> words[] = {{offsetof(ingot_tensor, type), number & 255}, {offsetof(ingot_tensor, kind), INGOT_TENSOR},
                                                 {offsetof(ingot_tensor, rank), type.getRank()}, {offsetof(ingot_tensor, reserved), 0}};
    for (auto [offset, v] : words) LLVM::StoreOp::create(b, constant(i32, v), at(tensor, offset));
    return tensor;
  }

  LogicalResult lower(CallOp op, Value frame) {
    external(op.getCallee(), {ptr}, i32);
    LLVM::GlobalOp site = makeCallSite(b, module, op, sites++);
    if (!site) return failure();
    int64_t inputCount = op.getInputs().size() + op.getAbsent().size(), outputCount = op.getNumResults();
    Value inputs = room(ptr, std::max<int64_t>(inputCount, 1));
    for (int64_t i = 0, next = 0; i < inputCount; ++i) {
      Value tensor;
      if (llvm::is_contained(op.getAbsent(), i)) {
        tensor = LLVM::ZeroOp::create(b, ptr);
      } else {
        Value v = op.getInputs()[next];
        tensor = isa<MemRefType>(v.getType()) ? describe(v, op.getInputTypes()[next]) : v;
        ++next;
      }
      LLVM::StoreOp::create(b, tensor, at(inputs, 8 * i));
    }
    Value outputs = room(LLVM::LLVMArrayType::get(i8, sizeof(ingot_tensor)), std::max<int64_t>(outputCount, 1));
    Value handles = room(ptr, std::max<int64_t>(outputCount, 1));
    for (auto [i, type] : llvm::enumerate(op.getResultTypes()))
      LLVM::StoreOp::create(b, isa<MemRefType>(type) ? LLVM::ZeroOp::create(b, ptr).getResult() : frame, at(handles, 8 * i));
    auto call = external("ingot_frame_call", {ptr, ptr, ptr, ptr, ptr}, i32);
    Value address = LLVM::AddressOfOp::create(b, ptr, site.getSymName());
    Value status = LLVM::CallOp::create(b, call, ValueRange{frame, address, inputs, outputs, handles}).getResult();
    continueIf(LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::eq, status, constant(i32, INGOT_OK)));
    for (auto [i, result] : llvm::enumerate(op.getResults())) {
      auto type = dyn_cast<MemRefType>(result.getType());
      if (!type) {
        result.replaceAllUsesWith(field(handles, 8 * i, ptr));
        continue;
      }
      int64_t base = i * sizeof(ingot_tensor);
      SmallVector<Value> dims;
      for (auto [d, size] : llvm::enumerate(type.getShape()))
        dims.push_back(ShapedType::isDynamic(size) ? field(outputs, base + offsetof(ingot_tensor, dims) + 8 * d, i64) : constant(i64, size));
      result.replaceAllUsesWith(buffer(type, field(outputs, base + offsetof(ingot_tensor, data), ptr), dims));
    }
    return success();
  }

  void lower(CheckOp op, Value frame) {
    Block *here = b.getInsertionBlock();
    Block *next = here->splitBlock(b.getInsertionPoint());
    Block *fail = b.createBlock(next);
    auto record = external("ingot_frame_fail", {ptr, i32, ptr}, LLVM::LLVMVoidType::get(context));
    LLVM::CallOp::create(b, record, ValueRange{frame, constant(i32, op.getStatus()), string(op.getMessage())});
    cf::BranchOp::create(b, exit);
    b.setInsertionPointToEnd(here);
    cf::CondBranchOp::create(b, op.getCondition(), next, fail);
    b.setInsertionPointToStart(next);
  }

  LogicalResult lowerModel(func::FuncOp main) {
    Value frame = main.getArgument(0);
    exit = b.createBlock(&main.getBody(), main.getBody().end());
    b.setLoc(main.getLoc());
    Value status = field(frame, offsetof(ingot_frame, status), i32);
    func::ReturnOp::create(b, status);

    SmallVector<Operation *> work;
    main.walk([&](Operation *op) {
      if (isa<InputOp, OutputOp, WeightOp, ArenaOp, AllocateOp, CheckOp, CallOp, TakeOp, GiveOp>(op)) work.push_back(op);
    });
    for (Operation *op : work) {
      b.setLoc(op->getLoc());
      b.setInsertionPoint(op);
      if (auto o = dyn_cast<InputOp>(op)) lower(o);
      else if (auto o = dyn_cast<OutputOp>(op)) lower(o);
      else if (auto o = dyn_cast<WeightOp>(op)) lower(o);
      else if (auto o = dyn_cast<CheckOp>(op)) lower(o, frame);
      else if (auto o = dyn_cast<TakeOp>(op)) lower(o);
      else if (auto o = dyn_cast<GiveOp>(op)) lower(o);
      else if (auto o = dyn_cast<CallOp>(op)) {
        if (failed(lower(o, frame))) return failure();
      }
      else lowerAllocation(op, isa<ArenaOp>(op) ? "ingot_frame_arena" : "ingot_frame_allocate");
      op->erase();
    }
    if (exit->hasNoPredecessors()) exit->erase();
    return success();
  }

  //===---------------------------------- parallel calls ----------------------------------===//

  void lower(ParallelCallOp op) {
    b.setLoc(op.getLoc());
    b.setInsertionPoint(op);
    auto body = module.lookupSymbol<func::FuncOp>(op.getBody());
    Value zero = arith::ConstantIndexOp::create(b, 0);
    auto serial = [&] {
      SmallVector<Value> args(op.getArgs());
      args.append({zero, op.getCount()});
      func::CallOp::create(b, body, args);
    };
    Block *here = b.getInsertionBlock();
    Block *next = here->splitBlock(op);
    Block *serialBlock = b.createBlock(next), *forkBlock = b.createBlock(next);

    b.setInsertionPointToEnd(here);
    Value hook = field(op.getFrame(), offsetof(ingot_frame, parallel_for), ptr);
    Value hasHook = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::ne, hook, LLVM::ZeroOp::create(b, ptr));
    Value cost = arith::MulIOp::create(b, op.getCount(), arith::ConstantIndexOp::create(b, std::max<int64_t>(op.getCost(), 1)));
    Value large = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, cost, arith::ConstantIndexOp::create(b, kForkThreshold));
    Value several = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, op.getCount(), arith::ConstantIndexOp::create(b, 1));
    Value fork = arith::AndIOp::create(b, hasHook, arith::AndIOp::create(b, large, several));
    cf::CondBranchOp::create(b, fork, forkBlock, serialBlock);

    b.setInsertionPointToEnd(serialBlock);
    serial();
    cf::BranchOp::create(b, next);

    // The captured values travel in a structure on the caller's stack.
    b.setInsertionPointToEnd(forkBlock);
    SmallVector<Type> fields;
    for (Value v : op.getArgs()) fields.push_back(types.convertType(v.getType()));
    auto packed = LLVM::LLVMStructType::getLiteral(context, fields);
    Value all = LLVM::PoisonOp::create(b, packed);
    for (auto [i, v] : llvm::enumerate(op.getArgs()))
      all = LLVM::InsertValueOp::create(b, all, UnrealizedConversionCastOp::create(b, TypeRange(fields[i]), v).getResult(0), i);
    Value place;
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(&here->getParent()->front());
      place = LLVM::AllocaOp::create(b, ptr, packed, constant(i64, 1), 8);
    }
    LLVM::StoreOp::create(b, all, place);
    Value pool = field(op.getFrame(), offsetof(ingot_frame, pool), ptr);
    Value thunk = LLVM::AddressOfOp::create(b, ptr, makeThunk(op, body, packed).getSymName());
    auto hookType = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), {ptr, i64, ptr, ptr});
    LLVM::CallOp::create(b, hookType, ValueRange{hook, pool, toI64(op.getCount()), thunk, place});
    cf::BranchOp::create(b, next);
    op.erase();
  }

  /// void thunk(void *packed, int64_t begin, int64_t end)
  LLVM::LLVMFuncOp makeThunk(ParallelCallOp op, func::FuncOp body, LLVM::LLVMStructType packed) {
    std::string name = (op.getBody() + "_range").str();
    if (auto known = module.lookupSymbol<LLVM::LLVMFuncOp>(name)) return known;
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(module.getBody());
    auto thunk = LLVM::LLVMFuncOp::create(b, name, LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), {ptr, i64, i64}),
                                          LLVM::Linkage::Private);
    if (Attribute target = body->getAttr("ingot.target")) thunk->setAttr("ingot.target", target);
    Block *entry = thunk.addEntryBlock(b);
    b.setInsertionPointToStart(entry);
    Value all = LLVM::LoadOp::create(b, packed, entry->getArgument(0));
    SmallVector<Value> args;
    for (auto [i, type] : llvm::enumerate(op.getArgs().getTypes()))
      args.push_back(UnrealizedConversionCastOp::create(b, TypeRange(type), Value(LLVM::ExtractValueOp::create(b, all, i))).getResult(0));
    args.append({toIndex(entry->getArgument(1)), toIndex(entry->getArgument(2))});
    func::CallOp::create(b, body, args);
    LLVM::ReturnOp::create(b, ValueRange());
    return thunk;
  }
};

struct ConvertIngotToLLVMPass : ingot::impl::ConvertIngotToLLVMBase<ConvertIngotToLLVMPass> {
  void runOnOperation() override {
    Lowering lowering(getOperation());
    SmallVector<ParallelCallOp> calls;
    getOperation().walk([&](ParallelCallOp op) { calls.push_back(op); });
    for (ParallelCallOp op : calls) lowering.lower(op);
    for (auto function : getOperation().getOps<func::FuncOp>())
      if ((function.getName() == "main" || function->hasAttr("ingot.main")) && failed(lowering.lowerModel(function))) return signalPassFailure();
  }
};
} // namespace
