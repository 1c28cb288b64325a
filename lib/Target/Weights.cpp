//===- Weights.cpp - constants of a module to bytes ------------------------------------===//
#include "Weights.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

namespace ingot {
namespace {

/// Bytes of one element at run time, 0 where there is no such form.
unsigned elementBytes(Type type) {
  if (type.isIndex())
    return 8;
  if (auto complex = dyn_cast<ComplexType>(type))
    return 2 * elementBytes(complex.getElementType());
  if (!type.isIntOrFloat())
    return 0;
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

/// Repeats `pattern` in larger and larger pieces.
void writeSplat(ArrayRef<char> pattern, int64_t count, llvm::raw_ostream &os) {
  constexpr int64_t chunkBytes = 1 << 16;
  if (llvm::all_of(pattern, [](char c) { return c == 0; })) {
    for (int64_t left = count * pattern.size(); left > 0; left -= chunkBytes)
      os.write_zeros(std::min(left, chunkBytes));
    return;
  }
  int64_t perChunk = std::max<int64_t>(1, chunkBytes / pattern.size());
  SmallVector<char> chunk;
  for (int64_t i = 0; i < std::min(perChunk, count); ++i)
    chunk.append(pattern.begin(), pattern.end());
  for (int64_t left = count; left > 0; left -= perChunk)
    os.write(chunk.data(), std::min(left, perChunk) * pattern.size());
}

/// Elements below 8 bits, one byte each; unused bits are zero, for that is what a load of such a type assumes.
void writeNarrow(DenseElementsAttr value, unsigned bits, llvm::raw_ostream &os) {
  auto byteOf = [&](const APInt &v) { return char(v.getRawData()[0] & ((1u << bits) - 1)); };
  auto all = [&](auto range, auto toInt) {
    SmallVector<char> chunk;
    for (const auto &element : range) {
      chunk.push_back(byteOf(toInt(element)));
      if (chunk.size() == 4096) {
        os.write(chunk.data(), chunk.size());
        chunk.clear();
      }
    }
    os.write(chunk.data(), chunk.size());
  };
  if (isa<FloatType>(value.getElementType()))
    return all(value.getValues<APFloat>(), [](const APFloat &f) { return f.bitcastToAPInt(); });
  all(value.getValues<APInt>(), [](const APInt &i) { return i; });
}

} // namespace

LogicalResult writeElements(ElementsAttr value, llvm::function_ref<InFlightDiagnostic()> emitError, llvm::raw_ostream &os) {
  Type element = value.getElementType();
  unsigned bytes = elementBytes(element);
  if (!bytes)
    return emitError() << "internal error: constant of " << value.getType() << " cannot be stored as bytes";
  int64_t count = value.getNumElements();

  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || int64_t(blob->getData().size()) != count * bytes)
      return emitError() << "internal error: resource \"" << resource.getRawHandle().getKey() << "\" has "
                         << (blob ? blob->getData().size() : 0) << " bytes, expected " << count * bytes;
    os.write(blob->getData().data(), blob->getData().size());
    return success();
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return emitError() << "internal error: constant of " << value.getType() << " is neither dense nor a resource";
  if (element.isIntOrFloat() && element.getIntOrFloatBitWidth() < 8) {
    unsigned bits = element.getIntOrFloatBitWidth();
    if (!dense.isSplat()) {
      writeNarrow(dense, bits, os);
      return success();
    }
    APInt splat = isa<FloatType>(element) ? dense.getSplatValue<APFloat>().bitcastToAPInt() : dense.getSplatValue<APInt>();
    writeSplat(char(splat.getZExtValue()), count, os);
    return success();
  }
  ArrayRef<char> raw = dense.getRawData();
  if (dense.isSplat())
    writeSplat(raw.take_front(bytes), count, os);
  else
    os.write(raw.data(), raw.size());
  return success();
}

LogicalResult writeWeights(ModuleOp module, llvm::raw_ostream &os) {
  auto total = module->getAttrOfType<IntegerAttr>("ingot.weight_bytes");
  auto weights = module->getAttrOfType<ArrayAttr>("ingot.weights");
  int64_t totalBytes = total ? total.getInt() : 0;
  auto malformed = [&](const Twine &what) { return module.emitError("internal error: ") << what << " in \"ingot.weights\""; };

  std::vector<std::pair<int64_t, ElementsAttr>> entries;
  for (Attribute attr : weights ? weights.getValue() : ArrayRef<Attribute>()) {
    auto dict = dyn_cast<DictionaryAttr>(attr);
    auto offset = dict ? dict.getAs<IntegerAttr>("offset") : nullptr;
    auto value = dict ? dict.getAs<ElementsAttr>("value") : nullptr;
    if (!offset || !value)
      return malformed("expected an offset and a value");
    entries.emplace_back(offset.getInt(), value);
  }
  llvm::sort(entries, llvm::less_first());

  int64_t at = 0;
  auto zerosTo = [&](int64_t end) {
    for (; at < end; at += std::min<int64_t>(end - at, 1 << 20))
      os.write_zeros(std::min<int64_t>(end - at, 1 << 20));
  };
  for (auto &[offset, value] : entries) {
    if (offset < at)
      return malformed("two constants overlap");
    zerosTo(offset);
    uint64_t before = os.tell();
    if (failed(writeElements(value, [&] { return module.emitError(); }, os)))
      return failure();
    at += os.tell() - before;
  }
  if (at > totalBytes)
    return malformed("more bytes than \"ingot.weight_bytes\"");
  zerosTo(totalBytes);
  return success();
}

} // namespace ingot
