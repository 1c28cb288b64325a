//===- Diagnostics.cpp - MLIR's diagnostics as a compiler's messages --------------------===//
#include "ingot/Driver/Diagnostics.h"
#include "mlir/IR/Location.h"

using namespace mlir;

namespace ingot {

/// The location in `loc` that says most: an ONNX node, else a place in a file.
static Location bestLocation(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName().strref().contains(':') ? loc : bestLocation(name.getChildLoc());
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return bestLocation(call.getCallee());
  if (auto fused = dyn_cast<FusedLoc>(loc)) {
    std::optional<Location> best;
    for (Location part : fused.getLocations()) {
      Location candidate = bestLocation(part);
      if (isa<NameLoc>(candidate))
        return candidate;
      if (!best || isa<UnknownLoc>(*best))
        best = candidate;
    }
    return best.value_or(loc);
  }
  return loc;
}

Message readDiagnostic(const Diagnostic &diagnostic, StringRef file) {
  Message message{file.str(), diagnostic.getSeverity(), diagnostic.str(), false};
  message.isInternal = StringRef(message.text).starts_with(internalErrorPrefix);
  Location loc = bestLocation(diagnostic.getLocation());
  if (auto name = dyn_cast<NameLoc>(loc)) {
    auto [op, node] = name.getName().strref().split(':');
    message.text = ("node \"" + node + "\" (" + op + "): " + message.text).str();
  } else if (auto line = dyn_cast<FileLineColLoc>(loc)) {
    message.place = line.getFilename().str();
    // Binary files have no lines.
    if (line.getLine())
      message.place += ":" + std::to_string(line.getLine()) + ":" + std::to_string(line.getColumn());
  }
  return message;
}

StringRef severityName(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Note:
    return "note";
  case DiagnosticSeverity::Warning:
    return "warning";
  case DiagnosticSeverity::Error:
    return "error";
  case DiagnosticSeverity::Remark:
    return "remark";
  }
  return "error";
}

} // namespace ingot
