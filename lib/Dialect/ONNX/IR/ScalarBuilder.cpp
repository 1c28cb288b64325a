//===- ScalarBuilder.cpp
#include "ingot/Dialect/ONNX/ONNXDialect.h"
