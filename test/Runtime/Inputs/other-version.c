/* A model of another version of the interface. */
#include "ingot/Runtime/ingot.h"

static const ingot_model model = {.abi_version = 99, .size = sizeof model, .name = "other"};
const ingot_model *ingot_model_entry(void) { return &model; }
