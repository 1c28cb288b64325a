//===- ModelImage.cpp - the structures of ingot.h and Frame.h as LLVM constants ---------===//
//
// Field by field in the order of the C headers; LLVM lays literal structs out as C does. Weights are never constants of LLVM (500 MB
// would take minutes and many times their size): the assembler includes their file, and an 8-byte pointer reaches them at any distance.
//
//===-------------------------------------------------------------------------------===//
#include "ObjectWriter.h"
#include "ingot/Runtime/Frame.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;

namespace ingot {
namespace {

// From here on 32-bit displacements to other sections are in danger, so weights go where the large code model puts data.
constexpr int64_t largeDataBytes = int64_t(1) << 30;

// Local to the object and not in its symbol table.
constexpr StringLiteral includedSymbol = "\01.Lingot_weights";

class ImageBuilder {
public:
  explicit ImageBuilder(Module &module) : module(module), context(module.getContext()), pointer(PointerType::get(context, 0)) {}

  Constant *i32(int64_t v) { return ConstantInt::get(Type::getInt32Ty(context), uint32_t(v)); }
  Constant *i64(uint64_t v) { return ConstantInt::get(Type::getInt64Ty(context), v); }
  Constant *null() { return ConstantPointerNull::get(pointer); }

  Constant *string(StringRef text) {
    Constant *&known = strings[text];
    if (!known)
      known = add(ConstantDataArray::getString(context, text), "ingot.str");
    return known;
  }

  /// A constant array behind a pointer; null if empty.
  Constant *array(Type *element, ArrayRef<Constant *> elements, const Twine &name) {
    if (elements.empty())
      return null();
    return add(ConstantArray::get(ArrayType::get(element, elements.size()), elements), name);
  }

  GlobalVariable *add(Constant *init, const Twine &name) {
    auto *global = new GlobalVariable(module, init->getType(), true, GlobalValue::PrivateLinkage, init, name);
    global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    return global;
  }

  Constant *strings_(ArrayRef<std::string> texts, const Twine &name) {
    SmallVector<Constant *> all;
    for (const std::string &text : texts)
      all.push_back(string(text));
    return array(pointer, all, name);
  }

  /// const ingot_value_info[]
  Constant *values(ArrayRef<ValueInfo> infos, StringRef name) {
    SmallVector<Constant *> all;
    for (const ValueInfo &info : infos) {
      SmallVector<Constant *> dims;
      for (int64_t d : info.dims)
        dims.push_back(i64(d));
      all.push_back(ConstantStruct::getAnon({string(info.name), string(info.doc), i32(info.type), i32(info.kind), i32(info.dims.size()),
                                             array(Type::getInt64Ty(context), dims, "ingot.dims"), strings_(info.symbols, "ingot.symbols")}));
    }
    return all.empty() ? null() : array(all.front()->getType(), all, name);
  }

  /// const ingot_kernel_info[]
  Constant *kernels(ArrayRef<KernelInfo> infos) {
    SmallVector<Constant *> all;
    for (const KernelInfo &info : infos)
      all.push_back(ConstantStruct::getAnon({string(info.name), string(info.nodes)}));
    return all.empty() ? null() : array(all.front()->getType(), all, "ingot.kernels");
  }

  Constant *function(StringRef name) {
    return cast<Constant>(module.getOrInsertFunction(name, FunctionType::get(Type::getVoidTy(context), false)).getCallee());
  }

  Module &module;
  LLVMContext &context;
  PointerType *pointer;

private:
  StringMap<Constant *> strings;
};

Constant *weightsAddress(ImageBuilder &image, const WeightsSource &weights, int64_t bytes) {
  switch (weights.kind) {
  case WeightsSource::None:
    // Not null, which would say that a side file is to be mapped.
    return image.add(ConstantAggregateZero::get(ArrayType::get(Type::getInt8Ty(image.context), 64)), "ingot.no_weights");
  case WeightsSource::Side:
    return image.null();
  case WeightsSource::Included:
    image.module.appendModuleInlineAsm(includeDirective(image.module.getTargetTriple(), weights.path, bytes));
    [[fallthrough]];
  case WeightsSource::Appended:
  case WeightsSource::Symbol: {
    StringRef name = weights.kind == WeightsSource::Symbol ? "ingot_weights" : includedSymbol;
    auto *global = new GlobalVariable(image.module, Type::getInt8Ty(image.context), true, GlobalValue::ExternalLinkage, nullptr, name);
    global->setDSOLocal(weights.kind != WeightsSource::Symbol);
    return global;
  }
  }
  llvm_unreachable("all kinds are listed");
}

void addAccessor(Module &module, StringRef name, Constant *image) {
  auto *type = FunctionType::get(image->getType(), false);
  auto *function = Function::Create(type, GlobalValue::ExternalLinkage, name, module);
  function->setDoesNotThrow();
  IRBuilder<> builder(BasicBlock::Create(module.getContext(), "", function));
  builder.CreateRet(image);
}

} // namespace

std::string includeDirective(const Triple &triple, StringRef path, int64_t bytes) {
  bool large = bytes >= largeDataBytes && triple.getArch() == Triple::x86_64;
  std::string text;
  raw_string_ostream os(text);
  os << "\t.section\t" << (large ? ".lrodata.ingot,\"al\"" : ".rodata.ingot,\"a\"") << ",%progbits\n\t.p2align\t6\n.Lingot_weights:\n\t.incbin\t\"";
  for (char c : path)
    os << (c == '"' || c == '\\' ? "\\" : "") << c;
  os << "\"\n\t.text\n";
  return text;
}

void addModelImage(Module &module, const ModelInfo &info, const EmitOptions &options, const CpuTarget &target, const WeightsSource &weights,
                   bool exportEntry) {
  ImageBuilder image(module);
  bool side = weights.kind == WeightsSource::Side;

  Constant *mapper = image.null();
  if (side)
    mapper = module.getOrInsertGlobal("ingot_core_mapper", ArrayType::get(image.pointer, 2));
  Constant *code = image.add(ConstantStruct::getAnon({module.getFunction(options.entry + "_main"), weightsAddress(image, weights, info.weightBytes),
                                                      side ? image.string(weights.path) : image.null(), image.i64(weights.checksum),
                                                      image.i64(target.requiredBits), mapper}),
                             "ingot_code");

  Constant *model = ConstantStruct::getAnon(
      {image.i32(INGOT_ABI_VERSION), image.i32(0), image.string(options.entry), image.string(info.producer), image.string(info.doc),
       image.string(target.requiredIsa), image.i32(info.inputs.size()), image.i32(info.outputs.size()), image.values(info.inputs, "ingot.inputs"),
       image.values(info.outputs, "ingot.outputs"), image.i32(info.metadata.size() / 2), image.strings_(info.metadata, "ingot.metadata"),
       image.i64(info.weightBytes), image.i64(info.arenaBytes), image.i64(info.flops), image.function("ingot_core_create"),
       image.function("ingot_core_run"), image.function("ingot_core_destroy"), image.function("ingot_core_error"),
       image.function("ingot_core_arena_for"), image.i32(info.kernels.size()), image.kernels(info.kernels),
       info.kernels.empty() ? image.null() : image.function("ingot_core_kernel_times"), image.i64(info.arenaLowerBound)});
  uint64_t size = module.getDataLayout().getTypeAllocSize(model->getType());
  SmallVector<Constant *> fields;
  for (unsigned i = 0, e = model->getType()->getStructNumElements(); i != e; ++i)
    fields.push_back(i == 1 ? image.i32(size) : model->getAggregateElement(i));
  model = ConstantStruct::getAnon(fields);

  GlobalVariable *whole = image.add(ConstantStruct::getAnon({model, code}), "ingot_model_image");
  addAccessor(module, options.entry + "_model", whole);
  if (exportEntry)
    addAccessor(module, "ingot_model_entry", whole);
}

} // namespace ingot
