/*===- Handmade.c - a model written by hand -------------------------------------------------------===
 *
 * What the emitter makes, in C, so that the runtime is tested apart from the compiler:
 *   y = 2 * x * scale,  picked = y[pick],  positive = the rows of y whose sum is above 0 (a size known only at run time).
 *===----------------------------------------------------------------------------------*/
#include "Handmade.h"

#include <string.h>

static const float weights[16] __attribute__((aligned(64))) = {2};

typedef struct Work { ingot_frame *frame; const float *x, *scale; float *rows; } Work;

static void scaleRows(void *context, int64_t begin, int64_t end) {
  const Work *work = context;
  float factor = *(const float *)work->frame->weights;
  for (int64_t i = begin; i < end; ++i)
    for (int k = 0; k < 3; ++k)
      work->rows[3 * i + k] = factor * work->x[3 * i + k] * work->scale[k];
}

static void checkPicks(void *context, int64_t begin, int64_t end) {
  const Work *work = context;
  const int64_t *pick = work->frame->inputs[2].data;
  for (int64_t i = begin; i < end; ++i)
    if (pick[i] < 0 || pick[i] >= work->frame->inputs[0].dims[0])
      ingot_frame_fail(work->frame, INGOT_OUT_OF_RANGE, "Gather:pick: an index is outside of 'x'");
}

static void forAll(ingot_frame *frame, int64_t count, ingot_range_body body, void *context) {
  if (frame->parallel_for)
    frame->parallel_for(frame->pool, count, body, context);
  else
    body(context, 0, count);
}

static ingot_status handmadeMain(ingot_frame *frame) {
  const int64_t n = frame->inputs[0].dims[0], m = frame->inputs[2].dims[0], yDims[2] = {n, 3}, pickedDims[2] = {m, 3};
  float *rows = ingot_frame_arena(frame, n * 3 * (int64_t)sizeof(float));
  if (!rows)
    return (ingot_status)frame->status;
  Work work = {frame, frame->inputs[0].data, frame->inputs[1].data, rows};
  forAll(frame, n, scaleRows, &work);
  forAll(frame, m, checkPicks, &work);
  if (frame->status)
    return (ingot_status)frame->status;

  float *y = ingot_frame_output(frame, 0, INGOT_FLOAT, 2, yDims);
  float *picked = y ? ingot_frame_output(frame, 1, INGOT_FLOAT, 2, pickedDims) : NULL;
  int64_t *found = picked ? ingot_frame_allocate(frame, n * (int64_t)sizeof(int64_t)) : NULL, count = 0;
  if (!found)
    return (ingot_status)frame->status;
  memcpy(y, rows, (size_t)n * 3 * sizeof(float));
  for (int64_t i = 0; i < m; ++i)
    memcpy(picked + 3 * i, rows + 3 * ((const int64_t *)frame->inputs[2].data)[i], 3 * sizeof(float));
  for (int64_t i = 0; i < n; ++i)
    if (rows[3 * i] + rows[3 * i + 1] + rows[3 * i + 2] > 0)
      found[count++] = i;
  int64_t *positive = ingot_frame_output(frame, 2, INGOT_INT64, 1, &count);
  if (!positive)
    return (ingot_status)frame->status;
  memcpy(positive, found, (size_t)count * sizeof(int64_t));
  return INGOT_OK;
}

static const int64_t rowsDims[2] = {INGOT_UNKNOWN_DIM, 3}, scaleDims[1] = {3}, openDims[1] = {INGOT_UNKNOWN_DIM};
static const char *const rowsSymbols[2] = {"N", ""}, *const noSymbols[1] = {""}, *const pickSymbols[1] = {"M"},
                         *const pickedSymbols[2] = {"M", ""};
static const ingot_value_info inputs[3] = {
    {"x", "rows of three", INGOT_FLOAT, INGOT_TENSOR, 2, rowsDims, rowsSymbols},
    {"scale", "", INGOT_FLOAT, INGOT_TENSOR, 1, scaleDims, noSymbols},
    {"pick", "", INGOT_INT64, INGOT_TENSOR, 1, openDims, pickSymbols},
};
static const ingot_value_info outputs[3] = {
    {"y", "", INGOT_FLOAT, INGOT_TENSOR, 2, rowsDims, rowsSymbols},
    {"picked", "", INGOT_FLOAT, INGOT_TENSOR, 2, rowsDims, pickedSymbols},
    {"positive", "", INGOT_INT64, INGOT_TENSOR, 1, openDims, noSymbols},
};
static const char *const metadata[2] = {"author", "a \"hand\""};

#define MODEL(modelName, isa)                                                                                                       \
  {INGOT_ABI_VERSION, sizeof(ingot_model), modelName, "by hand", "", isa, 3, 3, inputs, outputs, 1, metadata, sizeof weights,        \
   INGOT_UNKNOWN_DIM, INGOT_UNKNOWN_DIM, ingot_core_create, ingot_core_run, ingot_core_destroy, ingot_core_error,                   \
   ingot_core_arena_for, 0, NULL, NULL, INGOT_UNKNOWN_DIM}

static const ingot_code code = {handmadeMain, (const char *)weights, NULL, 0, 0, NULL};
static const ingot_code cpuCode = {handmadeMain, (const char *)weights, NULL, 0, 1ull << 62 | 1ull << 63, NULL};
static const ingot_code sideCode = {handmadeMain, NULL, "handmade.weights", 42, 0, &ingot_core_mapper};
static const ingot_model_image images[3] = {
    {MODEL("handmade", ""), &code}, {MODEL("handmade_cpu", "x86-64-v9"), &cpuCode}, {MODEL("handmade_side", ""), &sideCode}};

#ifdef HANDMADE_ENTRY /* what every .so and program exports besides its own name */
__attribute__((visibility("default"))) const ingot_model *ingot_model_entry(void) { return &images[0].model; }
#endif
__attribute__((visibility("default"))) const ingot_model *handmade_model(void) { return &images[0].model; }
__attribute__((visibility("default"))) const ingot_model *handmade_cpu_model(void) { return &images[1].model; }
__attribute__((visibility("default"))) const ingot_model *handmade_side_model(void) { return &images[2].model; }
