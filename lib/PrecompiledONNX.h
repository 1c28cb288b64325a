// Precompiled.h and the onnx dialect, compiled once for the sources that work on it.
#ifndef INGOT_PRECOMPILEDONNX_H
#define INGOT_PRECOMPILEDONNX_H
#include "Precompiled.h"
#include "ingot/Dialect/ONNX/ONNXDialect.h"
#endif
