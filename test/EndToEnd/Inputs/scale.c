/* com.example:Scale: Y = X * factor, doubled where the node has a second input; counts the calls of each instance. */
#include "ingot/Runtime/custom_op.h"

ingot_status ingot_custom_com_example_Scale(ingot_call *call) {
  const ingot_tensor *x = call->inputs[0];
  ingot_tensor *y = &call->outputs[0];
  int64_t *calls = call->state(call, sizeof *calls, 0), count = x->dims[0];
  if (!calls)
    return INGOT_OUT_OF_MEMORY;
  ++*calls;
  float factor = ingot_attribute_float(call, "factor", 1) * (call->input_count > 1 && call->inputs[1] ? 2 : 1);
  if (factor < 0)
    return call->fail(call, INGOT_INVALID_ARGUMENT, "the factor is negative");
  y->dims[0] = count + (factor > 100); /* wrong on purpose */
  y->bytes = (size_t)y->dims[0] * sizeof(float);
  float *out = y->data = call->allocate(call, y->bytes);
  if (!out)
    return INGOT_OUT_OF_MEMORY;
  for (int64_t i = 0; i < y->dims[0]; ++i)
    out[i] = i < count ? ((const float *)x->data)[i] * factor + (float)*calls - 1 : 0;
  return INGOT_OK;
}
