/* Adds what the model holds to ones, through the typed function of its header. */
#include "add.h"

#include <stdio.h>

int main(void) {
  const float x[4] = {1, 1, 1, 1};
  float y[4];
  ingot_instance *instance = NULL;
  const ingot_model *model = add_model();
  ingot_status status = model->create(model, NULL, &instance);
  if (status != INGOT_OK) {
    printf("no instance, status %d\n", (int)status);
    return 1;
  }
  status = add_run(instance, x, y);
  printf("status %d: %g %g %g %g\n", (int)status, (double)y[0], (double)y[1], (double)y[2], (double)y[3]);
  printf("%s=%s, %ld bytes of weights\n", model->metadata[0], model->metadata[1], (long)model->weight_bytes);
  model->destroy(instance);
  return 0;
}
