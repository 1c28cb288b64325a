#include "../../unit/Runtime/Handmade.h"
const ingot_model *ingot_model_entry(void) { return handmade_model(); }
