//===- CallSite.cpp - the constants that describe a call of a C function ----------------===//
//
// Field by field as in Frame.h. Bytes are strings of the LLVM dialect; only the few words that point to them are built value by value.
//===-----------------------------------------------------------------------------===//
#include "CallSite.h"

#include "ingot/Conversion/DataType.h"
#include "ingot/Dialect/ONNX/ONNXDialect.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace ingot;

namespace {

/// A word of a structure: a number, or the address of a symbol (empty: null).
struct Field {
  static Field number(Type type, int64_t v) { return {type, v, {}}; }
  static Field address(MLIRContext *context, StringRef symbol) { return {LLVM::LLVMPointerType::get(context), 0, symbol.str()}; }
  Type type;
  int64_t value;
  std::string symbol;
};

/// An attribute's elements as C sees them.
struct Elements {
  ingot_type type = INGOT_UNDEFINED;
  SmallVector<int64_t> dims;
  std::string data;
  std::vector<int64_t> ends; // of strings
};

class SiteBuilder {
public:
  SiteBuilder(OpBuilder &b, ModuleOp module, unsigned number) : b(b), module(module), context(b.getContext()), prefix("ingot_site_" + std::to_string(number)) {}

  LLVM::GlobalOp build(CallOp call);

private:
  Field i32(int64_t v) { return Field::number(b.getI32Type(), v); }
  Field address(StringRef symbol) { return Field::address(context, symbol); }

  /// Constant bytes; no symbol if there are none.
  std::string bytes(StringRef data, StringRef suffix) {
    if (data.empty()) return {};
    std::string name = prefix + suffix.str();
    auto type = LLVM::LLVMArrayType::get(b.getI8Type(), data.size());
    LLVM::GlobalOp::create(b, module.getLoc(), type, /*isConstant=*/true, LLVM::Linkage::Private, name, b.getStringAttr(data), /*alignment=*/16);
    return name;
  }
  template <class T> std::string words(ArrayRef<T> values, StringRef suffix) {
    return bytes(StringRef(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T)), suffix);
  }
  /// A constant array of structures.
  std::string structs(ArrayRef<SmallVector<Field>> rows, StringRef suffix);
  std::string results(CallOp call);
  FailureOr<std::string> attributes(CallOp call);

  OpBuilder &b;
  ModuleOp module;
  MLIRContext *context;
  std::string prefix;
};

std::string nodeOf(Location loc) {
  std::string name = "call";
  loc->walk([&](Location l) {
    auto named = dyn_cast<NameLoc>(l);
    if (named) name = named.getName().str();
    return named ? WalkResult::interrupt() : WalkResult::advance();
  });
  return name;
}

template <class T> void append(std::string &data, T value) { data.append(reinterpret_cast<const char *>(&value), sizeof(T)); }

void addString(Elements &e, StringRef text) {
  e.data += text;
  e.ends.push_back(e.data.size());
}

/// Elements of a tensor: bool and types below 8 bits one byte each.
bool readElements(ElementsAttr value, Elements &e) {
  Type element = value.getElementType();
  e.type = typeNumberOf(element);
  e.dims.assign(value.getShapedType().getShape().begin(), value.getShapedType().getShape().end());
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (blob) e.data.assign(blob->getData().begin(), blob->getData().end());
    return blob != nullptr;
  }
  if (auto strings = dyn_cast<DenseStringElementsAttr>(value)) {
    for (StringRef text : strings.getValues<StringRef>()) addString(e, text);
    return true;
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense) return false;
  if (element.isIntOrFloat() && element.getIntOrFloatBitWidth() < 8) {
    auto add = [&](const APInt &v) { e.data += static_cast<char>(v.getZExtValue()); };
    if (isa<FloatType>(element)) llvm::for_each(dense.getValues<APFloat>(), [&](const APFloat &f) { add(f.bitcastToAPInt()); });
    else llvm::for_each(dense.getValues<APInt>(), add);
    return true;
  }
  StringRef raw(dense.getRawData().data(), dense.getRawData().size());
  for (int64_t i = 0, n = dense.isSplat() ? dense.getNumElements() : 1; i < n; ++i) e.data += raw;
  return true;
}

bool readAttribute(Attribute value, Elements &e) {
  if (auto elements = dyn_cast<ElementsAttr>(value); elements && !isa<DenseArrayAttr>(value)) return readElements(elements, e);
  if (auto integer = dyn_cast<IntegerAttr>(value)) {
    e.type = INGOT_INT64;
    append<int64_t>(e.data, integer.getType().isUnsignedInteger() ? integer.getUInt() : integer.getValue().getSExtValue());
  } else if (auto real = dyn_cast<FloatAttr>(value)) {
    e.type = INGOT_FLOAT;
    append<float>(e.data, real.getValueAsDouble());
  } else if (auto text = dyn_cast<StringAttr>(value)) {
    e.type = INGOT_STRING;
    addString(e, text);
  } else if (auto integers = dyn_cast<DenseI64ArrayAttr>(value)) {
    e.type = INGOT_INT64;
    e.dims = {integers.size()};
    for (int64_t v : integers.asArrayRef()) append(e.data, v);
  } else if (auto reals = dyn_cast<DenseF32ArrayAttr>(value)) {
    e.type = INGOT_FLOAT;
    e.dims = {reals.size()};
    for (float v : reals.asArrayRef()) append(e.data, v);
  } else if (auto array = dyn_cast<ArrayAttr>(value); array && llvm::all_of(array, llvm::IsaPred<StringAttr>)) {
    e.type = INGOT_STRING;
    e.dims = {static_cast<int64_t>(array.size())};
    for (StringAttr text : array.getAsRange<StringAttr>()) addString(e, text);
  } else {
    return false;
  }
  return true;
}

} // namespace

std::string SiteBuilder::structs(ArrayRef<SmallVector<Field>> rows, StringRef suffix) {
  if (rows.empty()) return {};
  SmallVector<Type> types = llvm::map_to_vector(rows.front(), [](const Field &f) { return f.type; });
  auto row = LLVM::LLVMStructType::getLiteral(context, types);
  auto type = LLVM::LLVMArrayType::get(row, rows.size());
  std::string name = prefix + suffix.str();
  Location loc = module.getLoc();
  auto global = LLVM::GlobalOp::create(b, loc, type, /*isConstant=*/true, LLVM::Linkage::Private, name, Attribute(), /*alignment=*/8);
  OpBuilder::InsertionGuard guard(b);
  b.createBlock(&global.getInitializerRegion());
  Value all = LLVM::UndefOp::create(b, loc, type);
  for (auto [i, fields] : llvm::enumerate(rows))
    for (auto [k, field] : llvm::enumerate(fields)) {
      Value v;
      if (isa<LLVM::LLVMPointerType>(field.type))
        v = field.symbol.empty() ? LLVM::ZeroOp::create(b, loc, field.type).getResult() : LLVM::AddressOfOp::create(b, loc, field.type, field.symbol);
      else
        v = LLVM::ConstantOp::create(b, loc, field.type, b.getIntegerAttr(field.type, field.value));
      all = LLVM::InsertValueOp::create(b, loc, all, v, ArrayRef<int64_t>{static_cast<int64_t>(i), static_cast<int64_t>(k)});
    }
  LLVM::ReturnOp::create(b, loc, all);
  return name;
}

std::string SiteBuilder::results(CallOp call) {
  SmallVector<SmallVector<Field>> rows;
  for (auto [i, type, number] : llvm::enumerate(call.getResultTypes(), call.getOutputTypes())) {
    auto memref = dyn_cast<MemRefType>(type);
    SmallVector<int64_t> dims;
    if (memref)
      for (int64_t d : memref.getShape()) dims.push_back(ShapedType::isDynamic(d) ? INGOT_UNKNOWN_DIM : d);
    rows.push_back({i32(number >> 8), i32(number & 255), i32(memref ? memref.getRank() : -1), i32(0),
                    address(words<int64_t>(dims, "_result_" + std::to_string(i)))});
  }
  return structs(rows, "_results");
}

FailureOr<std::string> SiteBuilder::attributes(CallOp call) {
  SmallVector<SmallVector<Field>> rows;
  for (NamedAttribute attribute : call.getParameters().value_or(DictionaryAttr::get(context))) {
    Elements e;
    if (!readAttribute(attribute.getValue(), e))
      return call.emitError("internal error: attribute '") << attribute.getName().getValue() << "' is " << attribute.getValue();
    std::string suffix = "_" + std::to_string(rows.size());
    std::string name = bytes(attribute.getName().str() + '\0', suffix + "_name");
    rows.push_back({address(name), i32(e.type), i32(e.dims.size()), address(words<int64_t>(e.dims, suffix + "_dims")),
                    address(bytes(e.data, suffix + "_data")), address(words<int64_t>(e.ends, suffix + "_ends"))});
  }
  return structs(rows, "_attributes");
}

LLVM::GlobalOp SiteBuilder::build(CallOp call) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(module.getBody());
  FailureOr<std::string> attributeTable = attributes(call);
  if (failed(attributeTable)) return {};
  std::string node = bytes(nodeOf(call.getLoc()) + '\0', "_node"), resultTable = results(call);
  int64_t inputs = call.getInputs().size() + call.getAbsent().size(), parameters = call.getParameters() ? call.getParameters()->size() : 0;
  structs({{address(call.getCallee()), address(node), i32(inputs), i32(call.getNumResults()), i32(parameters), i32(0), address(resultTable),
            address(*attributeTable)}},
          "");
  return module.lookupSymbol<LLVM::GlobalOp>(prefix);
}

LLVM::GlobalOp ingot::makeCallSite(OpBuilder &b, ModuleOp module, CallOp call, unsigned number) { return SiteBuilder(b, module, number).build(call); }
