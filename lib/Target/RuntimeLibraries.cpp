//===- RuntimeLibraries.cpp - what a model links besides itself ----------------------------===//
#include "RuntimeLibraries.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace ingot {
namespace {

struct Row {
  StringLiteral prefix; // of functions
  StringLiteral archive;
  std::vector<std::string> flags;
};

// The first row whose prefix a function has.
const std::vector<Row> &rows() {
  static const std::vector<Row> table = {
      {"ingot_op_regex_", "libingot_regex.a", {"-lre2", "-lstdc++"}},
      {"ingot_op_image_", "libingot_image.a", {"-ljpeg", "-lpng", "-ltiff", "-lwebp", "-lopenjp2"}},
      {"ingot_op_", "", {}},
  };
  return table;
}

} // namespace

RuntimeLibraries librariesOf(ModuleOp module) {
  RuntimeLibraries result;
  bool any = false;
  auto add = [](std::vector<std::string> &list, StringRef item) {
    if (!item.empty() && !llvm::is_contained(list, item)) list.push_back(item.str());
  };
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    StringRef name = function.getSymName();
    if (!function.isExternal() || name.starts_with("ingot_frame_")) continue;
    auto row = llvm::find_if(rows(), [&](const Row &r) { return name.starts_with(r.prefix); });
    if (row == rows().end()) {
      if (module->hasAttr("ingot.custom_ops") && llvm::is_contained(module->getAttrOfType<ArrayAttr>("ingot.custom_ops"), function.getSymNameAttr()))
        add(result.custom, name);
      continue;
    }
    any = true;
    add(result.archives, row->archive);
    for (const std::string &flag : row->flags) add(result.flags, flag);
  }
  if (any) result.archives.push_back("libingot_rt.a");
  return result;
}

} // namespace ingot
