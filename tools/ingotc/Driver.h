//===- Driver.h - one compilation ------------------------------------------------------===//
#ifndef INGOT_TOOLS_INGOTC_DRIVER_H
#define INGOT_TOOLS_INGOTC_DRIVER_H

#include "Options.h"
#include "Reporter.h"

namespace ingot {

/// Compiles as `options` say; returns the exit code.
int compile(const DriverOptions &options, Reporter &reporter);

} // namespace ingot

#endif
