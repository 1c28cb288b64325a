//===- OutputFiles.cpp - files that appear together, or not at all ----------------------===//
#include "OutputFiles.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"

using namespace llvm;

namespace ingot {

static Error cannot(StringRef verb, StringRef path, std::error_code error) {
  return createStringError(error, "cannot %s \"%s\": %s", verb.str().c_str(), path.str().c_str(), error.message().c_str());
}

/// A device or a pipe is written to and never replaced: `-o /dev/null` must leave /dev/null what it is.
static bool isSpecial(StringRef path) { return sys::fs::exists(path) && !sys::fs::is_regular_file(path); }

OutputFiles::~OutputFiles() {
  for (auto &file : files) {
    if (file->stream) {
      file->stream->close();
      file->stream->clear_error();
    }
    if (!file->written.empty()) {
      sys::fs::remove(file->written);
      sys::DontRemoveFileOnSignal(file->written);
    }
  }
}

Expected<OutputFiles::File *> OutputFiles::create(StringRef path) {
  auto file = std::make_unique<File>();
  file->path = path.str();
  if (sys::fs::is_directory(path))
    return cannot("write", path, std::make_error_code(std::errc::is_a_directory));
  int fd;
  SmallString<128> name;
  if (std::error_code error = isSpecial(path) ? sys::fs::createTemporaryFile("ingot", "out", fd, name)
                                              : sys::fs::createUniqueFile(path + ".tmp%%%%%%%%", fd, name))
    return cannot("write", path, error);
  file->written = name.str().str();
  sys::RemoveFileOnSignal(name);
  file->stream = std::make_unique<raw_fd_ostream>(fd, /*shouldClose=*/true);
  files.push_back(std::move(file));
  return files.back().get();
}

Expected<raw_pwrite_stream *> OutputFiles::open(StringRef path) {
  if (path == "-") {
    auto file = std::make_unique<File>();
    file->path = "-";
    file->memory = std::make_unique<raw_svector_ostream>(file->bytes);
    files.push_back(std::move(file));
    return files.back()->memory.get();
  }
  Expected<File *> file = create(path);
  if (!file)
    return file.takeError();
  return (*file)->stream.get();
}

Expected<std::string> OutputFiles::reserve(StringRef path) {
  Expected<File *> file = create(path);
  if (!file)
    return file.takeError();
  (*file)->stream.reset();
  return (*file)->written;
}

Expected<raw_fd_ostream *> OutputFiles::temporary(StringRef suffix, std::string &path) {
  auto file = std::make_unique<File>();
  int fd;
  SmallString<128> name;
  if (std::error_code error = sys::fs::createTemporaryFile("ingot", suffix, fd, name))
    return cannot("create", "temporary file", error);
  path = file->written = name.str().str();
  sys::RemoveFileOnSignal(name);
  file->stream = std::make_unique<raw_fd_ostream>(fd, /*shouldClose=*/true);
  files.push_back(std::move(file));
  return files.back()->stream.get();
}

Error OutputFiles::flush(StringRef path) {
  for (auto &file : files) {
    if ((file->path != path && file->written != path) || !file->stream)
      continue;
    file->stream->close();
    std::error_code error = file->stream->error();
    file->stream->clear_error();
    file->stream.reset();
    if (error)
      return cannot("write", path, error);
  }
  return Error::success();
}

Error OutputFiles::commit() {
  for (auto &file : files)
    if (file->stream)
      if (Error error = flush(file->written))
        return error;
  std::vector<std::string> renamed;
  for (auto &file : files) {
    if (file->memory) {
      outs().write(file->bytes.data(), file->bytes.size());
      outs().flush();
    } else if (!file->path.empty() && isSpecial(file->path)) {
      if (std::error_code error = sys::fs::copy_file(file->written, file->path))
        return cannot("write", file->path, error);
    } else if (!file->path.empty()) {
      if (std::error_code error = sys::fs::rename(file->written, file->path)) {
        for (const std::string &path : renamed)
          sys::fs::remove(path);
        return cannot("write", file->path, error);
      }
      sys::DontRemoveFileOnSignal(file->written);
      file->written.clear();
      renamed.push_back(file->path);
    }
  }
  return Error::success();
}

} // namespace ingot
