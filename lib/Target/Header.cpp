//===- Header.cpp - the C header of a model ---------------------------------------------===//
//
// C99 and C++ without warnings at -Wall -Wextra -Wpedantic. Text from the model only gets into comments and identifiers, cleaned.
//
//===--------------------------------------------------------------------------------===//
#include "ModelInfo.h"
#include "ingot/Runtime/ingot.h"
#include "ingot/Target/Emit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using llvm::StringRef;

namespace ingot {
namespace {

struct TypeRow {
  ingot_type type;
  StringRef onnx, cEnum, cType; // cType: of one element in NAME_run, empty where there is none
  int perElement = 1;           // of cType
};

const TypeRow typeRows[] = {
    {INGOT_FLOAT, "float32", "INGOT_FLOAT", "float"},
    {INGOT_UINT8, "uint8", "INGOT_UINT8", "uint8_t"},
    {INGOT_INT8, "int8", "INGOT_INT8", "int8_t"},
    {INGOT_UINT16, "uint16", "INGOT_UINT16", "uint16_t"},
    {INGOT_INT16, "int16", "INGOT_INT16", "int16_t"},
    {INGOT_INT32, "int32", "INGOT_INT32", "int32_t"},
    {INGOT_INT64, "int64", "INGOT_INT64", "int64_t"},
    {INGOT_STRING, "string", "INGOT_STRING", ""},
    {INGOT_BOOL, "bool", "INGOT_BOOL", "uint8_t"},
    {INGOT_FLOAT16, "float16", "INGOT_FLOAT16", "uint16_t"},
    {INGOT_DOUBLE, "float64", "INGOT_DOUBLE", "double"},
    {INGOT_UINT32, "uint32", "INGOT_UINT32", "uint32_t"},
    {INGOT_UINT64, "uint64", "INGOT_UINT64", "uint64_t"},
    {INGOT_COMPLEX64, "complex64", "INGOT_COMPLEX64", "float", 2},
    {INGOT_COMPLEX128, "complex128", "INGOT_COMPLEX128", "double", 2},
    {INGOT_BFLOAT16, "bfloat16", "INGOT_BFLOAT16", "uint16_t"},
    {INGOT_FLOAT8E4M3FN, "float8e4m3fn", "INGOT_FLOAT8E4M3FN", "uint8_t"},
    {INGOT_FLOAT8E4M3FNUZ, "float8e4m3fnuz", "INGOT_FLOAT8E4M3FNUZ", "uint8_t"},
    {INGOT_FLOAT8E5M2, "float8e5m2", "INGOT_FLOAT8E5M2", "uint8_t"},
    {INGOT_FLOAT8E5M2FNUZ, "float8e5m2fnuz", "INGOT_FLOAT8E5M2FNUZ", "uint8_t"},
    {INGOT_UINT4, "uint4", "INGOT_UINT4", "uint8_t"},
    {INGOT_INT4, "int4", "INGOT_INT4", "int8_t"},
    {INGOT_FLOAT4E2M1, "float4e2m1", "INGOT_FLOAT4E2M1", "uint8_t"},
    {INGOT_FLOAT8E8M0, "float8e8m0", "INGOT_FLOAT8E8M0", "uint8_t"},
    {INGOT_UINT2, "uint2", "INGOT_UINT2", "uint8_t"},
    {INGOT_INT2, "int2", "INGOT_INT2", "int8_t"},
};

const TypeRow *rowOf(int32_t type) {
  for (const TypeRow &row : typeRows)
    if (row.type == type)
      return &row;
  return nullptr;
}

/// Text that neither ends a comment nor starts one or a trigraph; line breaks continue in the comment.
std::string inComment(StringRef text) {
  std::string result;
  char before = 0;
  for (char c : text.trim()) {
    bool pair = (before == '*' && c == '/') || (before == '/' && c == '*') || (before == '?' && c == '?');
    if (pair)
      result += ' ';
    if (c == '\n')
      result += "\n *   ";
    else if (c != '\r' && c != '\\')
      result += c;
    before = c;
  }
  return result;
}

bool isKeyword(StringRef name) {
  static const llvm::StringSet<> words = {
      "alignas",  "alignof",   "and",      "asm",      "auto",     "bool",     "break",    "case",     "catch",    "char",     "class",
      "compl",    "const",     "constexpr", "continue", "decltype", "default",  "delete",   "do",       "double",   "else",     "enum",
      "explicit", "export",    "extern",   "false",    "float",    "for",      "friend",   "goto",     "if",       "inline",   "int",
      "long",     "mutable",   "namespace", "new",      "noexcept", "not",      "nullptr",  "operator", "or",       "private",  "protected",
      "public",   "register",  "restrict", "return",   "short",    "signed",   "sizeof",   "static",   "struct",   "switch",   "template",
      "this",     "throw",     "true",     "try",      "typedef",  "typeid",   "typename", "union",    "unsigned", "using",    "virtual",
      "void",     "volatile",  "while",    "xor",      "bitand",   "bitor",    "concept",  "requires", "typeof",   "main",     "errno",
      "and_eq",   "or_eq",     "not_eq",   "xor_eq",   "instance", "inputs",   "outputs",  "memset",   "linux",    "unix",     "NULL"};
  return words.contains(name);
}

/// A parameter's name that no other has.
std::string parameterName(StringRef name, StringRef fallback, size_t index, llvm::StringSet<> &taken) {
  std::string result;
  for (char c : name)
    result += llvm::isAlnum(c) ? c : '_';
  bool usable = !result.empty() && llvm::isAlpha(result.front()) && result.size() <= 60 && !isKeyword(result) &&
                !StringRef(result).starts_with("ingot_") && !StringRef(result).starts_with("INGOT_");
  if (!usable)
    result = (fallback + llvm::Twine(index)).str();
  while (!taken.insert(result).second)
    result += "_";
  return result;
}

std::string shapeOf(const ValueInfo &value) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "[";
  llvm::interleaveComma(llvm::seq<size_t>(0, value.dims.size()), os, [&](size_t i) {
    if (value.dims[i] >= 0)
      os << value.dims[i];
    else
      os << (value.symbols[i].empty() ? "?" : inComment(value.symbols[i]));
  });
  os << "]";
  return text;
}

void printValue(const ValueInfo &value, StringRef what, size_t index, llvm::raw_ostream &os) {
  static const StringRef kinds[] = {"", "sequence of ", "optional ", "map to "};
  const TypeRow *row = rowOf(value.type);
  os << "/* " << what << " " << index << ", \"" << inComment(value.name) << "\": " << (value.kind > 0 && value.kind < 4 ? kinds[value.kind] : "")
     << (row ? row->onnx : "undefined");
  if (value.kind == INGOT_TENSOR)
    os << " " << shapeOf(value);
  if (!value.doc.empty())
    os << "\n *   " << inComment(value.doc);
  os << " */\n";
}

bool hasTypedRun(const ModelInfo &info) {
  auto simple = [](const ValueInfo &value) {
    const TypeRow *row = rowOf(value.type);
    return value.isStaticTensor() && row && !row->cType.empty();
  };
  // C demands that compilers take 127 parameters.
  return llvm::all_of(info.inputs, simple) && llvm::all_of(info.outputs, simple) && info.inputs.size() + info.outputs.size() < 120;
}

/// One line each for the tensors of NAME_run.
void printTensor(const ValueInfo &value, StringRef array, size_t index, StringRef data, llvm::raw_ostream &os) {
  const TypeRow *row = rowOf(value.type);
  std::string element = (array + "[" + llvm::Twine(index) + "]").str();
  os << "  " << element << ".data = " << data << "; " << element << ".bytes = sizeof(" << row->cType << ") * "
     << std::max<int64_t>(value.elements() * row->perElement, 0) << "u;\n";
  os << "  " << element << ".type = " << row->cEnum << "; " << element << ".rank = " << value.dims.size() << ";\n";
  for (auto [axis, dim] : llvm::enumerate(value.dims))
    os << (axis ? " " : "  ") << element << ".dims[" << axis << "] = " << dim << ";";
  if (!value.dims.empty())
    os << "\n";
}

void printTypedRun(const ModelInfo &info, StringRef entry, llvm::raw_ostream &os) {
  llvm::StringSet<> taken;
  std::vector<std::string> in, out;
  for (auto [i, value] : llvm::enumerate(info.inputs))
    in.push_back(parameterName(value.name, "input", i, taken));
  for (auto [i, value] : llvm::enumerate(info.outputs))
    out.push_back(parameterName(value.name, "output", i, taken));

  os << "\n/* Runs the model on buffers of the sizes above; see `run` in ingot_model. */\n"
     << "static inline ingot_status " << entry << "_run(ingot_instance *instance";
  for (auto [name, value] : llvm::zip(in, info.inputs))
    os << ", const " << rowOf(value.type)->cType << " *" << name;
  for (auto [name, value] : llvm::zip(out, info.outputs))
    os << ", " << rowOf(value.type)->cType << " *" << name;
  os << ") {\n";
  os << "  ingot_tensor inputs[" << std::max<size_t>(in.size(), 1) << "], outputs[" << std::max<size_t>(out.size(), 1) << "];\n"
     << "  memset(inputs, 0, sizeof(inputs));\n  memset(outputs, 0, sizeof(outputs));\n";
  for (auto [i, value] : llvm::enumerate(info.inputs))
    printTensor(value, "inputs", i, "(void *)(uintptr_t)" + in[i], os);
  for (auto [i, value] : llvm::enumerate(info.outputs))
    printTensor(value, "outputs", i, out[i], os);
  os << "  return " << entry << "_model()->run(instance, inputs, outputs);\n}\n";
}

} // namespace

void printHeader(ModuleOp module, StringRef entry, llvm::raw_ostream &os) {
  FailureOr<ModelInfo> info = readModelInfo(module);
  if (failed(info))
    return;
  std::string guard = "INGOT_MODEL_" + StringRef(entry).upper() + "_H";
  bool typed = hasTypedRun(*info);
  os << "/* " << entry << ".h - a model compiled by Ingot.";
  if (!info->producer.empty())
    os << "  Exported by " << inComment(info->producer) << ".";
  if (!info->doc.empty())
    os << "\n *   " << inComment(info->doc);
  os << " */\n#ifndef " << guard << "\n#define " << guard << "\n\n#include \"ingot/Runtime/ingot.h\"\n";
  auto custom = module->getAttrOfType<ArrayAttr>("ingot.custom_ops");
  if (custom)
    os << "#include \"ingot/Runtime/custom_op.h\"\n";
  if (typed)
    os << "#include <string.h>\n";
  os << "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  for (auto [i, value] : llvm::enumerate(info->inputs))
    printValue(value, "input", i, os);
  for (auto [i, value] : llvm::enumerate(info->outputs))
    printValue(value, "output", i, os);
  os << "const ingot_model *" << entry << "_model(void);\n";
  if (custom)
    os << "\n/* What the model calls and you link. */\n";
  for (auto function : custom ? custom.getAsRange<StringAttr>() : ArrayAttr::get(module.getContext(), {}).getAsRange<StringAttr>())
    os << "ingot_status " << function.getValue() << "(ingot_call *call);\n";
  if (typed)
    printTypedRun(*info, entry, os);
  os << "\n#ifdef __cplusplus\n}\n#endif\n#endif\n";
}

} // namespace ingot
