//===- Emit.cpp - every kind of output -------------------------------------------------===//
#include "ingot/Target/Emit.h"
#include "Link.h"
#include "ObjectWriter.h"
#include "OutputFiles.h"
#include "Parts.h"
#include "Weights.h"
#include "ingot/Import/MappedFiles.h"
#include "ingot/Runtime/Frame.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/xxhash.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;
using mlir::LogicalResult;
using mlir::success;

namespace ingot {
namespace {

LogicalResult report(mlir::ModuleOp module, Error error) {
  if (!error)
    return success();
  return module.emitError(toString(std::move(error)));
}

int64_t weightBytes(mlir::ModuleOp module) {
  auto attr = module->getAttrOfType<mlir::IntegerAttr>("ingot.weight_bytes");
  return attr ? attr.getInt() : 0;
}

/// Writes the weights to a file that the assembler includes.
FailureOr<WeightsSource> writeIncluded(mlir::ModuleOp module, OutputFiles &files, Expected<raw_pwrite_stream *> stream, std::string path) {
  if (!stream)
    return report(module, stream.takeError());
  if (failed(writeWeights(module, **stream)) || failed(report(module, files.flush(path))))
    return failure();
  return WeightsSource{WeightsSource::Included, std::move(path), 0};
}

/// Writes the side file of --weights=file. Its checksum goes into its header, which is written last.
FailureOr<WeightsSource> writeSide(mlir::ModuleOp module, OutputFiles &files, StringRef path) {
  Expected<raw_pwrite_stream *> stream = files.open(path);
  if (!stream)
    return report(module, stream.takeError());
  raw_pwrite_stream &os = **stream;
  uint64_t start = os.tell();
  ingot_weights_header header = {};
  std::memcpy(header.magic, INGOT_WEIGHTS_MAGIC, sizeof(header.magic));
  header.bytes = weightBytes(module);
  os.write(reinterpret_cast<const char *>(&header), sizeof(header));

  // Hashes what goes by, so that the file need not be read again.
  class HashingStream : public raw_ostream {
  public:
    explicit HashingStream(raw_ostream &os) : raw_ostream(false), os(os) { SetBufferSize(1 << 20); }
    ~HashingStream() override { flush(); }
    uint64_t hash = 0;

  private:
    void write_impl(const char *data, size_t size) override {
      hash = xxh3_64bits(ArrayRef(reinterpret_cast<const uint8_t *>(data), size)) + 31 * hash;
      os.write(data, size);
      position += size;
    }
    uint64_t current_pos() const override { return position; }
    raw_ostream &os;
    uint64_t position = 0;
  } hashing(os);
  if (failed(writeWeights(module, hashing)))
    return failure();
  hashing.flush();
  header.checksum = hashing.hash;
  os.pwrite(reinterpret_cast<const char *>(&header), sizeof(header), start);
  return WeightsSource{WeightsSource::Side, sys::path::filename(path).str(), header.checksum};
}

/// Where the weights of an output come from; writes their file.
FailureOr<WeightsSource> placeWeights(mlir::ModuleOp module, const EmitOptions &options, OutputFiles &files, StringRef textPath) {
  if (weightBytes(module) == 0)
    return WeightsSource{};
  if (!options.weightsFile.empty())
    return writeSide(module, files, options.weightsFile);
  std::string path;
  if (textPath.empty()) {
    Expected<raw_fd_ostream *> stream = files.temporary("weights", path);
    if (!stream)
      return report(module, stream.takeError());
    return writeIncluded(module, files, *stream, path);
  }
  // Text that includes a file is of use as long as the file is there: beside it, by a name that does not depend on this machine.
  SmallString<128> beside(textPath == "-" ? StringRef(options.entry) : textPath);
  sys::path::replace_extension(beside, "weights.bin");
  FailureOr<WeightsSource> source = writeIncluded(module, files, files.open(beside), beside.str().str());
  if (succeeded(source))
    source->path = sys::path::filename(beside).str();
  return source;
}

LogicalResult writeText(mlir::ModuleOp module, const EmitOptions &options, OutputKind kind, StringRef path, OutputFiles &files) {
  FailureOr<WeightsSource> weights = placeWeights(module, options, files, path);
  if (failed(weights))
    return failure();
  // Writing assembly, LLVM would read the file and print every byte of it.
  bool append = kind == OutputKind::Assembly && weights->kind == WeightsSource::Included;
  if (append)
    weights->kind = WeightsSource::Appended;
  FailureOr<BuiltModule> built = buildLLVM(module, options, *weights, /*exportEntry=*/false);
  if (failed(built) || failed(optimizeModule(module, *built)))
    return failure();
  Expected<raw_pwrite_stream *> os = files.open(path);
  if (!os)
    return report(module, os.takeError());
  if (kind == OutputKind::Assembly) {
    if (failed(writeMachineCode(module, *built, /*assembly=*/true, **os)))
      return failure();
    if (append)
      **os << includeDirective(built->module->getTargetTriple(), weights->path, weightBytes(module));
    return success();
  }
  if (kind == OutputKind::LLVM)
    built->module->print(**os, nullptr);
  else
    WriteBitcodeToFile(*built->module, **os);
  return success();
}

/// The optimised LLVM IR beside the output.
LogicalResult saveTemporaries(mlir::ModuleOp module, BuiltModule &built, StringRef path, OutputFiles &files) {
  SmallString<128> name(path);
  sys::path::replace_extension(name, "opt.ll");
  Expected<raw_pwrite_stream *> os = files.open(name);
  if (!os)
    return report(module, os.takeError());
  built.module->print(**os, nullptr);
  return success();
}

/// Machine code is made from LLVM's IR: what that was translated from gives its memory back. Declarations stay, which say what to link.
void releaseTranslated(mlir::ModuleOp module) {
  for (auto function : llvm::make_early_inc_range(module.getOps<mlir::LLVM::LLVMFuncOp>()))
    if (!function.isExternal())
      function.erase();
}

/// The model's machine code, in several objects if it is large. The module keeps its attributes and declarations only.
LogicalResult makeObjects(mlir::ModuleOp module, const EmitOptions &options, bool exportEntry, StringRef path, OutputFiles &files,
                          bool mayDivide, PartStreams open) {
  FailureOr<WeightsSource> weights = placeWeights(module, options, files, "");
  if (failed(weights))
    return failure();
  MappedFiles::dropPages(module.getContext());
  FailureOr<BuiltModule> built = buildLLVM(module, options, *weights, exportEntry);
  if (failed(built))
    return failure();
  releaseTranslated(module);
  // A debugger finds one unit, and one file keeps the IR.
  if (built->module->getNamedMetadata("llvm.dbg.cu"))
    mayDivide = false;
  if (!options.saveTemps || path.empty())
    return compileParts(module, *built, mayDivide, open);
  Expected<raw_pwrite_stream *> os = open(0, 1);
  if (!os)
    return report(module, os.takeError());
  return success(succeeded(optimizeModule(module, *built)) && succeeded(saveTemporaries(module, *built, path, files)) &&
                 succeeded(writeMachineCode(module, *built, /*assembly=*/false, **os)));
}

/// One object on `os`.
LogicalResult writeObject(mlir::ModuleOp module, const EmitOptions &options, StringRef path, OutputFiles &files, raw_pwrite_stream &os) {
  std::vector<std::string> parts;
  auto open = [&](unsigned, unsigned count) -> Expected<raw_pwrite_stream *> {
    if (count == 1)
      return &os;
    return files.temporary("o", parts.emplace_back());
  };
  if (failed(makeObjects(module, options, /*exportEntry=*/false, path, files, canMergeParts(), open)))
    return failure();
  if (parts.empty())
    return success();
  for (const std::string &part : parts)
    if (failed(report(module, files.flush(part))))
      return failure();
  std::string scratch;
  Expected<raw_fd_ostream *> temporary = files.temporary("o", scratch);
  if (!temporary)
    return report(module, temporary.takeError());
  return success(succeeded(report(module, files.flush(scratch))) && succeeded(report(module, mergeParts(parts, scratch, os, options.verbose))));
}

LogicalResult writeArchive(mlir::ModuleOp module, const EmitOptions &options, StringRef path, OutputFiles &files) {
  ObjectBytes object;
  raw_svector_ostream objectStream(object);
  if (failed(writeObject(module, options, path, files, objectStream)))
    return failure();
  Expected<raw_pwrite_stream *> os = files.open(path);
  if (!os)
    return report(module, os.takeError());
  std::string name = options.entry + ".o";
  NewArchiveMember member(MemoryBufferRef(StringRef(object.data(), object.size()), name));
  return report(module, writeArchiveToStream(**os, member, SymtabWritingMode::NormalSymtab, object::Archive::K_GNU, /*Deterministic=*/true,
                                             /*Thin=*/false));
}

LogicalResult writeLinked(mlir::ModuleOp module, const EmitOptions &options, OutputKind kind, StringRef path, OutputFiles &files) {
  Expected<CpuTarget> target = resolveTarget(options.target);
  if (!target)
    return report(module, target.takeError());
  std::vector<std::string> parts;
  auto open = [&](unsigned, unsigned) -> Expected<raw_pwrite_stream *> { return files.temporary("o", parts.emplace_back()); };
  if (failed(makeObjects(module, options, /*exportEntry=*/true, path, files, /*mayDivide=*/true, open)))
    return failure();
  for (const std::string &part : parts)
    if (failed(report(module, files.flush(part))))
      return failure();
  Expected<std::string> output = files.reserve(path);
  if (!output)
    return report(module, output.takeError());
  return report(module, link(*target, options, kind, librariesOf(module), parts, *output));
}

LogicalResult writeHeader(mlir::ModuleOp module, const EmitOptions &options, StringRef path, OutputFiles &files) {
  Expected<raw_pwrite_stream *> os = files.open(path);
  if (!os)
    return report(module, os.takeError());
  printHeader(module, options.entry, **os);
  return success();
}

/// resnet50.h beside resnet50.o and libresnet50.so.
std::string headerBeside(StringRef path) {
  StringRef stem = sys::path::stem(path);
  StringRef suffix = sys::path::extension(path);
  if (suffix == ".so" || suffix == ".a")
    stem.consume_front("lib");
  SmallString<128> header(sys::path::parent_path(path));
  sys::path::append(header, stem + ".h");
  return header.str().str();
}

} // namespace

std::optional<OutputKind> outputKindOf(StringRef path) {
  static constexpr std::pair<StringLiteral, OutputKind> kinds[] = {
      {".o", OutputKind::Object},   {".a", OutputKind::Archive}, {".so", OutputKind::SharedLibrary}, {".s", OutputKind::Assembly},
      {".ll", OutputKind::LLVM},    {".bc", OutputKind::Bitcode}, {".mlir", OutputKind::MLIR},       {".h", OutputKind::Header}};
  for (auto &[suffix, kind] : kinds)
    if (sys::path::extension(path) == suffix)
      return kind;
  return std::nullopt;
}

FailureOr<std::unique_ptr<MemoryBuffer>> emitObject(mlir::ModuleOp module, const EmitOptions &options) {
  OutputFiles files;
  ObjectBytes object;
  raw_svector_ostream os(object);
  if (failed(writeObject(module, options, "", files, os)))
    return failure();
  if (!options.weightsFile.empty() && failed(report(module, files.commit())))
    return failure();
  return std::unique_ptr<MemoryBuffer>(std::make_unique<SmallVectorMemoryBuffer>(std::move(object), /*RequiresNullTerminator=*/false));
}

LogicalResult emit(mlir::ModuleOp module, const EmitOptions &options, OutputKind kind, StringRef path) {
  OutputFiles files;
  LogicalResult written = failure();
  switch (kind) {
  case OutputKind::Object: {
    Expected<raw_pwrite_stream *> os = files.open(path);
    if (!os)
      return report(module, os.takeError());
    written = writeObject(module, options, path, files, **os);
    break;
  }
  case OutputKind::Archive:
    written = writeArchive(module, options, path, files);
    break;
  case OutputKind::SharedLibrary:
  case OutputKind::Program:
    written = writeLinked(module, options, kind, path, files);
    break;
  case OutputKind::Assembly:
  case OutputKind::LLVM:
  case OutputKind::Bitcode:
    written = writeText(module, options, kind, path, files);
    break;
  case OutputKind::MLIR: {
    Expected<raw_pwrite_stream *> os = files.open(path);
    if (!os)
      return report(module, os.takeError());
    module->print(**os, mlir::OpPrintingFlags().enableDebugInfo());
    **os << "\n";
    written = success();
    break;
  }
  case OutputKind::Header:
    written = writeHeader(module, options, path, files);
    break;
  }
  bool withHeader = kind == OutputKind::Object || kind == OutputKind::Archive || kind == OutputKind::SharedLibrary;
  if (succeeded(written) && withHeader && path != "-")
    written = writeHeader(module, options, headerBeside(path), files);
  if (failed(written))
    return failure();
  return report(module, files.commit());
}

} // namespace ingot
