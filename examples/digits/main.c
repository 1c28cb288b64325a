/* Reads 28x28 pictures (.pgm) with the compiled model digits.onnx: which digit, how sure, in how many microseconds.
 *   ingotc digits.onnx -o digits.o && cc -O2 main.c digits.o -lm -o digits && ./digits pictures/7.pgm   (scripts/demo.sh does this) */
#define _POSIX_C_SOURCE 200809L
#include "digits.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 201 };
static double microseconds(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e6 + t.tv_nsec * 1e-3; }
static int ascending(const void *a, const void *b) { double d = *(const double *)a - *(const double *)b; return (d > 0) - (d < 0); }

int main(int argc, char **argv) {
  const ingot_model *model = digits_model();
  ingot_instance *instance;
  if (model->create(model, NULL, &instance) != INGOT_OK) { fprintf(stderr, "this processor lacks %s\n", model->required_isa); return 1; }
  for (int file = 1; file < argc; file++) {
    unsigned char pixels[28 * 28];
    float picture[28 * 28], probability[10];
    int width, height, white;
    FILE *f = fopen(argv[file], "rb");
    if (!f || fscanf(f, "P5 %d %d %d", &width, &height, &white) != 3 || width != 28 || height != 28 || white != 255 || fgetc(f) == EOF ||
        fread(pixels, 1, sizeof pixels, f) != sizeof pixels) {
      fprintf(stderr, "%s: expected a .pgm file of 28x28 pixels\n", argv[file]);
      return 1;
    }
    fclose(f);
    for (int i = 0; i < 28 * 28; i++) picture[i] = pixels[i] / 255.0f;

    double took[RUNS];
    for (int i = 0; i < RUNS; i++) {
      double start = microseconds();
      if (digits_run(instance, picture, probability) != INGOT_OK) { fprintf(stderr, "%s\n", model->error(instance)); return 1; }
      took[i] = microseconds() - start;
    }
    qsort(took, RUNS, sizeof *took, ascending);
    int best = 0;
    for (int i = 1; i < 10; i++) if (probability[i] > probability[best]) best = i;
    printf("%s: a %d, %.1f%% sure, in %.1f microseconds\n", argv[file], best, 100 * probability[best], took[RUNS / 2]);
  }
  model->destroy(instance);
  return 0;
}
