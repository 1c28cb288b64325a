//===- Poison.cpp - where an instruction of LLVM's has no defined result -------------------===//
//
// LLVM's language reference, one case for each kind of instruction that generated code has.
//
//===----------------------------------------------------------------------------------===//
#include "Poison.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Operator.h"

using namespace llvm;

namespace ingot {
namespace {

/// `a | b`, of which any may be null for false.
Value *either(IRBuilder<> &b, Value *x, Value *y) { return !x ? y : !y ? x : b.CreateOr(x, y); }

Value *overflow(IRBuilder<> &b, Intrinsic::ID operation, Value *x, Value *y) {
  return b.CreateExtractValue(b.CreateBinaryIntrinsic(operation, x, y), 1);
}

Value *arithmeticOverflows(IRBuilder<> &b, Instruction &i, Intrinsic::ID isSigned, Intrinsic::ID isUnsigned) {
  Value *x = i.getOperand(0), *y = i.getOperand(1), *result = nullptr;
  if (i.hasNoSignedWrap())
    result = overflow(b, isSigned, x, y);
  return i.hasNoUnsignedWrap() ? either(b, result, overflow(b, isUnsigned, x, y)) : result;
}

Value *shiftLosesBits(IRBuilder<> &b, Instruction &i) {
  Value *x = i.getOperand(0), *by = i.getOperand(1);
  Value *wide = b.CreateICmpUGE(by, ConstantInt::get(by->getType(), by->getType()->getScalarSizeInBits()));
  Value *safe = b.CreateSelect(wide, Constant::getNullValue(by->getType()), by), *result = wide;
  if (i.getOpcode() == Instruction::Shl) {
    Value *shifted = b.CreateShl(x, safe);
    if (i.hasNoSignedWrap())
      result = either(b, result, b.CreateICmpNE(b.CreateAShr(shifted, safe), x));
    if (i.hasNoUnsignedWrap())
      result = either(b, result, b.CreateICmpNE(b.CreateLShr(shifted, safe), x));
  } else if (i.isExact()) {
    result = either(b, result, b.CreateICmpNE(b.CreateShl(b.CreateLShr(x, safe), safe), x));
  }
  return result;
}

/// What the integer does not hold after rounding to zero; a NaN is nothing that it holds.
Value *castLeavesRange(IRBuilder<> &b, Instruction &i) {
  Value *x = i.getOperand(0);
  unsigned width = i.getType()->getScalarSizeInBits();
  bool isSigned = i.getOpcode() == Instruction::FPToSI;
  // Limits of wide integers are infinite in narrow floats.
  if (x->getType()->getScalarSizeInBits() < 32)
    x = b.CreateFPExt(x, x->getType()->getWithNewType(b.getFloatTy()));
  Value *rounded = b.CreateUnaryIntrinsic(Intrinsic::trunc, x);
  Value *least = ConstantFP::get(x->getType(), isSigned ? -std::ldexp(1.0, width - 1) : 0.0);
  Value *end = ConstantFP::get(x->getType(), std::ldexp(1.0, isSigned ? width - 1 : width));
  return b.CreateNot(b.CreateAnd(b.CreateFCmpOGE(rounded, least), b.CreateFCmpOLT(rounded, end)));
}

Value *truncationLosesBits(IRBuilder<> &b, Instruction &i) {
  Value *x = i.getOperand(0), *narrow = b.CreateTrunc(x, i.getType()), *result = nullptr;
  auto &trunc = cast<TruncInst>(i);
  if (trunc.hasNoSignedWrap())
    result = b.CreateICmpNE(b.CreateSExt(narrow, x->getType()), x);
  return trunc.hasNoUnsignedWrap() ? either(b, result, b.CreateICmpNE(b.CreateZExt(narrow, x->getType()), x)) : result;
}

/// The offset in bytes overflows, or is negative where that is ruled out. Whether the address lies in its object is asked where it is used, by the other
/// sanitizer.
Value *addressOverflows(IRBuilder<> &b, GetElementPtrInst &gep) {
  const DataLayout &layout = gep.getModule()->getDataLayout();
  unsigned width = layout.getIndexTypeSizeInBits(gep.getType());
  SmallMapVector<Value *, APInt, 4> variable;
  APInt constant(width, 0);
  if (gep.getType()->isVectorTy() || !cast<GEPOperator>(gep).collectOffset(layout, width, variable, constant))
    return nullptr;
  Type *type = b.getIntNTy(width);
  Value *offset = ConstantInt::get(type, constant), *result = nullptr;
  for (auto &[index, scale] : variable) {
    Value *wide = b.CreateSExtOrTrunc(index, type);
    Value *product = b.CreateBinaryIntrinsic(Intrinsic::smul_with_overflow, wide, ConstantInt::get(type, scale));
    Value *sum = b.CreateBinaryIntrinsic(Intrinsic::sadd_with_overflow, offset, b.CreateExtractValue(product, 0));
    result = either(b, result, either(b, b.CreateExtractValue(product, 1), b.CreateExtractValue(sum, 1)));
    offset = b.CreateExtractValue(sum, 0);
  }
  return gep.hasNoUnsignedWrap() ? either(b, result, b.CreateICmpSLT(offset, Constant::getNullValue(type))) : result;
}

/// The index of an element of a vector.
Value *laneOutOfRange(IRBuilder<> &b, Value *vector, Value *index) {
  auto *type = dyn_cast<FixedVectorType>(vector->getType());
  if (!type || isa<ConstantInt>(index))
    return nullptr;
  return b.CreateICmpUGE(index, ConstantInt::get(index->getType(), type->getNumElements()));
}

Value *intrinsicRulesOut(IRBuilder<> &b, IntrinsicInst &call) {
  if (call.arg_size() != 2)
    return nullptr;
  Value *x = call.getArgOperand(0);
  auto *flag = dyn_cast<ConstantInt>(call.getArgOperand(1));
  if (!flag || flag->isZero())
    return nullptr;
  unsigned width = x->getType()->getScalarSizeInBits();
  switch (call.getIntrinsicID()) {
  case Intrinsic::abs:
    return b.CreateICmpEQ(x, ConstantInt::get(x->getType(), APInt::getSignedMinValue(width)));
  case Intrinsic::ctlz:
  case Intrinsic::cttz:
    return b.CreateICmpEQ(x, Constant::getNullValue(x->getType()));
  default:
    return nullptr;
  }
}

/// Operands and results that flags say are no NaN and not infinite.
Value *floatsRuledOut(IRBuilder<> &b, Instruction &i) {
  Value *result = nullptr;
  SmallVector<Value *> values{&i};
  for (Value *operand : i.operands())
    values.push_back(operand);
  for (Value *value : values) {
    if (!value->getType()->isFPOrFPVectorTy() || truthOf(value->getType()) != truthOf(i.getType()))
      continue;
    if (i.hasNoNaNs())
      result = either(b, result, b.CreateFCmpUNO(value, value));
    if (i.hasNoInfs())
      result = either(b, result, b.CreateFCmpOEQ(b.CreateUnaryIntrinsic(Intrinsic::fabs, value), ConstantFP::getInfinity(value->getType())));
  }
  return result;
}

Value *divisionIsUndefined(IRBuilder<> &b, Instruction &i, bool isSigned) {
  Value *x = i.getOperand(0), *y = i.getOperand(1);
  Value *bad = b.CreateICmpEQ(y, Constant::getNullValue(y->getType()));
  if (isSigned) {
    Value *least = ConstantInt::get(x->getType(), APInt::getSignedMinValue(x->getType()->getScalarSizeInBits()));
    bad = b.CreateOr(bad, b.CreateAnd(b.CreateICmpEQ(x, least), b.CreateICmpEQ(y, Constant::getAllOnesValue(y->getType()))));
  }
  return anyOf(b, bad);
}

Value *misaligned(IRBuilder<> &b, Value *pointer, Align align) {
  if (align.value() == 1)
    return nullptr;
  Value *low = b.CreateAnd(b.CreatePtrToInt(pointer, b.getInt64Ty()), align.value() - 1);
  return b.CreateICmpNE(low, b.getInt64(0));
}

} // namespace

Type *truthOf(Type *type) {
  Type *one = Type::getInt1Ty(type->getContext());
  if (auto *vector = dyn_cast<VectorType>(type))
    return VectorType::get(one, vector->getElementCount());
  return one;
}

Value *anyOf(IRBuilder<> &b, Value *truth) { return truth->getType()->isVectorTy() ? b.CreateOrReduce(truth) : truth; }

bool mayMakePoison(const Instruction &instruction) {
  auto *call = dyn_cast<CallBase>(&instruction);
  if (call && (!isa<IntrinsicInst>(call) || !call->doesNotAccessMemory()))
    return false;
  return !instruction.getType()->isVoidTy() && canCreatePoison(cast<Operator>(&instruction), /*ConsiderFlagsAndMetadata=*/true);
}

Value *makesPoison(IRBuilder<> &b, Instruction &instruction) {
  Value *result = isa<FPMathOperator>(instruction) && (instruction.hasNoNaNs() || instruction.hasNoInfs()) ? floatsRuledOut(b, instruction) : nullptr;
  auto with = [&](Value *other) { return either(b, result, other); };
  switch (instruction.getOpcode()) {
  case Instruction::Add:
    return with(arithmeticOverflows(b, instruction, Intrinsic::sadd_with_overflow, Intrinsic::uadd_with_overflow));
  case Instruction::Sub:
    return with(arithmeticOverflows(b, instruction, Intrinsic::ssub_with_overflow, Intrinsic::usub_with_overflow));
  case Instruction::Mul:
    return with(arithmeticOverflows(b, instruction, Intrinsic::smul_with_overflow, Intrinsic::umul_with_overflow));
  case Instruction::Shl:
  case Instruction::LShr:
  case Instruction::AShr:
    return with(shiftLosesBits(b, instruction));
  case Instruction::SDiv:
  case Instruction::UDiv:
    return instruction.isExact() ? with(b.CreateICmpNE(b.CreateMul(&instruction, instruction.getOperand(1)), instruction.getOperand(0))) : result;
  case Instruction::Or:
    return cast<PossiblyDisjointInst>(instruction).isDisjoint()
               ? with(b.CreateICmpNE(b.CreateAnd(instruction.getOperand(0), instruction.getOperand(1)), Constant::getNullValue(instruction.getType())))
               : result;
  case Instruction::ZExt:
  case Instruction::UIToFP: {
    Value *x = instruction.getOperand(0);
    return instruction.hasNonNeg() ? with(b.CreateICmpSLT(x, Constant::getNullValue(x->getType()))) : result;
  }
  case Instruction::Trunc:
    return with(truncationLosesBits(b, instruction));
  case Instruction::FPToSI:
  case Instruction::FPToUI:
    return with(castLeavesRange(b, instruction));
  case Instruction::GetElementPtr:
    return with(addressOverflows(b, cast<GetElementPtrInst>(instruction)));
  case Instruction::ExtractElement:
    return with(laneOutOfRange(b, instruction.getOperand(0), instruction.getOperand(1)));
  case Instruction::InsertElement:
    return with(laneOutOfRange(b, instruction.getOperand(0), instruction.getOperand(2)));
  case Instruction::Call:
    return isa<IntrinsicInst>(instruction) ? with(intrinsicRulesOut(b, cast<IntrinsicInst>(instruction))) : result;
  default:
    return result;
  }
}

Value *mustNotRun(IRBuilder<> &b, Instruction &instruction) {
  switch (instruction.getOpcode()) {
  case Instruction::SDiv:
  case Instruction::SRem:
    return divisionIsUndefined(b, instruction, /*isSigned=*/true);
  case Instruction::UDiv:
  case Instruction::URem:
    return divisionIsUndefined(b, instruction, /*isSigned=*/false);
  case Instruction::Load:
    return misaligned(b, getLoadStorePointerOperand(&instruction), getLoadStoreAlignment(&instruction));
  case Instruction::Store:
    return misaligned(b, getLoadStorePointerOperand(&instruction), getLoadStoreAlignment(&instruction));
  case Instruction::Unreachable:
    return b.getTrue();
  case Instruction::Call:
    if (auto *assume = dyn_cast<AssumeInst>(&instruction))
      return b.CreateNot(assume->getArgOperand(0));
    return nullptr;
  default:
    return nullptr;
  }
}

} // namespace ingot
