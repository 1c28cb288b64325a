/*===- Core.c - life of an instance ------------------------------------------------------===
 *
 * create, run, destroy, error and arena_for of every model.  An instance is one block with the tables of results and of kernels' times behind it; a run is a
 * frame on the caller's stack.
 *===----------------------------------------------------------------------------------*/
#include "Instance.h"

static void *defaultAllocate(void *user, size_t bytes, size_t alignment) {
  (void)user;
  return aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

static void defaultRelease(void *user, void *p, size_t bytes) {
  (void)user, (void)bytes;
  free(p);
}

int ingotClaimFailure(ingot_frame *frame, int32_t status) {
  int32_t none = INGOT_OK;
  return __atomic_compare_exchange_n(&frame->status, &none, status, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void ingot_frame_fail(ingot_frame *frame, int32_t status, const char *message) {
  /* parallel_for orders this before the end of the run, where the message is read. */
  if (ingotClaimFailure(frame, status))
    __atomic_store_n(&frame->message, message, __ATOMIC_RELAXED);
}

static void tell(const ingot_options *options, const char *message) {
  if (options && options->log)
    options->log(options->user, message);
}

static ingot_status refuse(const ingot_options *options, ingot_status status, const char *message) {
  tell(options, message);
  return status;
}

static ingot_status checkFeatures(const ingot_model *model, const ingot_code *code, const ingot_options *options, uint64_t features) {
  uint64_t missing = code->required_features & ~features;
  if (!missing)
    return INGOT_OK;
  char buffer[INGOT_ERROR_SIZE];
  ingot_text text = ingotTextBegin(buffer, sizeof buffer);
  ingotTextString(&text, "model '");
  ingotTextString(&text, model->name);
  ingotTextString(&text, "' was compiled for ");
  ingotTextString(&text, model->required_isa);
  ingotTextString(&text, ", this processor lacks");
  for (unsigned i = 0; i < 64; ++i)
    if (missing >> i & 1) {
      ingotTextString(&text, " ");
      ingotTextString(&text, ingotCpuFeatureName(i));
    }
  return refuse(options, INGOT_UNSUPPORTED_CPU, buffer);
}

static ingot_status failWeights(const ingot_options *options, const char *path, const char *reason) {
  char buffer[INGOT_ERROR_SIZE];
  ingot_text text = ingotTextBegin(buffer, sizeof buffer);
  ingotTextString(&text, "weights file '");
  ingotTextString(&text, path);
  ingotTextString(&text, "' ");
  ingotTextString(&text, reason);
  return refuse(options, INGOT_IO_ERROR, buffer);
}

/* Weights of the object, or of the mapped file whose header must name the same weights. */
static ingot_status findWeights(ingot_instance *instance, const ingot_options *options) {
  const ingot_code *code = instance->code;
  instance->weights = code->weights;
  if (!code->weights_file)
    return INGOT_OK;
  const char *path = options && options->weights_path ? options->weights_path : code->weights_file;
  const char *reason = code->mapper->map(path, &instance->mapping);
  if (reason)
    return failWeights(options, path, reason);
  const ingot_weights_header *header = instance->mapping.base;
  uint64_t bytes = (uint64_t)instance->model->weight_bytes;
  if (instance->mapping.bytes < sizeof *header || memcmp(header->magic, INGOT_WEIGHTS_MAGIC, sizeof header->magic))
    reason = "is no weights file";
  else if (header->checksum != code->weights_checksum || header->bytes != bytes)
    reason = "belongs to another compilation of the model";
  else if (instance->mapping.bytes - sizeof *header < bytes)
    reason = "is cut short";
  if (reason) {
    code->mapper->unmap(&instance->mapping);
    return failWeights(options, path, reason);
  }
  instance->weights = (const char *)(header + 1);
  return INGOT_OK;
}

ingot_status ingot_core_create(const ingot_model *model, const ingot_options *options, ingot_instance **instance) {
  if (instance)
    *instance = 0;
  if (options && options->abi_version != INGOT_ABI_VERSION)
    return INGOT_INVALID_ARGUMENT; /* its hooks may lie elsewhere: they cannot be called */
  if (!model || !instance)
    return refuse(options, INGOT_INVALID_ARGUMENT, "create needs a model and a place for the instance");
  if (model->abi_version != INGOT_ABI_VERSION || model->size != sizeof(ingot_model))
    return refuse(options, INGOT_INVALID_ARGUMENT, "the model was made for another version of this interface");
  if (options && !options->allocate != !options->release)
    return refuse(options, INGOT_INVALID_ARGUMENT, "an allocator needs both allocate and release");

  const ingot_code *code = ((const ingot_model_image *)model)->code;
  uint64_t features = ingotCpuFeatures();
  ingot_status status = checkFeatures(model, code, options, features);
  if (status)
    return status;

  ingot_options own;
  if (options)
    own = *options;
  else {
    memset(&own, 0, sizeof own);
    own.abi_version = INGOT_ABI_VERSION;
  }
  if (!own.allocate) {
    own.allocate = defaultAllocate;
    own.release = defaultRelease;
  }
  size_t bytes = sizeof(ingot_instance) + (size_t)model->output_count * sizeof(ingot_result) +
                 (size_t)model->kernel_count * sizeof(ingot_kernel_time);
  ingot_instance *made = own.allocate(own.user, bytes, INGOT_ALIGNMENT);
  if (!made)
    return refuse(options, INGOT_OUT_OF_MEMORY, "no memory for the instance");
  memset(made, 0, bytes);
  made->model = model;
  made->code = code;
  made->options = own;
  made->features = features;
  made->results = (ingot_result *)(made + 1);
  made->times = (ingot_kernel_time *)(made->results + model->output_count);
  made->instanceBytes = bytes;
  status = findWeights(made, options);
  if (status) {
    own.release(own.user, made, bytes);
    return status;
  }
  *instance = made;
  return INGOT_OK;
}

void ingot_core_destroy(ingot_instance *instance) {
  if (!instance)
    return;
  ingotReleaseNodes(instance);
  ingotReleaseBlocks(instance, &instance->segments);
  ingotReleaseBlocks(instance, &instance->spare);
  ingotReleaseBlocks(instance, &instance->kept);
  for (int32_t i = 0; i < instance->model->output_count; ++i)
    ingotRelease(instance, instance->results[i].data, instance->results[i].bytes);
  ingotRelease(instance, instance->arena, instance->arenaBytes);
  if (instance->mapping.base)
    instance->code->mapper->unmap(&instance->mapping);
  ingot_options own = instance->options;
  own.release(own.user, instance, instance->instanceBytes);
}

void ingotReleaseNodes(ingot_instance *instance) {
  while (instance->nodes) {
    ingot_node_state *node = instance->nodes;
    instance->nodes = node->next;
    if (node->own && node->releaseOwn)
      node->releaseOwn(node->own);
    ingotRelease(instance, node->own, node->ownBytes);
    ingotRelease(instance, node, node->bytes);
  }
}

const char *ingot_core_error(const ingot_instance *instance) { return instance ? instance->error : "no instance"; }

/* Inputs checked, then the generated code; the text of a failure is in the instance afterwards. */
static ingot_status enter(ingot_frame *frame) {
  ingot_instance *instance = frame->instance;
  if (ingotCheckInputs(frame))
    return (ingot_status)frame->status;
  int32_t returned = instance->code->main(frame);
  if (!frame->status && returned && !frame->query)
    ingot_frame_fail(frame, returned, "the model failed without a reason");
  if (frame->status && frame->message) {
    ingot_text text = ingotTextBegin(instance->error, INGOT_ERROR_SIZE);
    ingotTextString(&text, frame->message);
  }
  return (ingot_status)frame->status;
}

/* The instance is taken, its last error forgotten; or it is in use. */
static int take(ingot_instance *instance) {
  if (__atomic_exchange_n(&instance->busy, 1, __ATOMIC_ACQUIRE))
    return 0;
  instance->error[0] = 0;
  return 1;
}

static ingot_status leave(ingot_instance *instance, ingot_status status) {
  __atomic_store_n(&instance->busy, 0, __ATOMIC_RELEASE);
  return status;
}

static ingot_status failArgument(ingot_instance *instance, const char *message) {
  ingot_text text = ingotTextBegin(instance->error, INGOT_ERROR_SIZE);
  ingotTextString(&text, message);
  return leave(instance, INGOT_INVALID_ARGUMENT);
}

ingot_status ingot_core_run(ingot_instance *instance, const ingot_tensor *inputs, ingot_tensor *outputs) {
  if (!instance || !take(instance))
    return INGOT_INVALID_ARGUMENT;
  const ingot_model *model = instance->model;
  if (!inputs && model->input_count)
    return failArgument(instance, "run got no inputs");
  if (!outputs && model->output_count)
    return failArgument(instance, "run got no place for outputs");
  ingotReleaseBlocks(instance, &instance->kept);
  ingot_frame frame;
  memset(&frame, 0, sizeof frame);
  frame.inputs = inputs;
  frame.outputs = outputs;
  frame.weights = instance->weights;
  frame.parallel_for = instance->options.parallel_for;
  frame.pool = instance->options.pool;
  frame.features = instance->features;
  frame.instance = instance;
  ingot_status status = enter(&frame);
  ingotKeepSegments(instance);
  return leave(instance, status);
}

ingot_status ingot_core_arena_for(ingot_instance *instance, const ingot_tensor *inputs, int64_t *bytes) {
  if (!instance || !take(instance))
    return INGOT_INVALID_ARGUMENT;
  if (!bytes || (!inputs && instance->model->input_count))
    return failArgument(instance, "arena_for needs inputs with dims and a place for the size");
  ingot_frame frame;
  memset(&frame, 0, sizeof frame);
  frame.inputs = inputs;
  frame.weights = instance->weights;
  frame.features = instance->features;
  frame.query = 1;
  frame.instance = instance;
  ingot_status status = enter(&frame);
  ingotKeepSegments(instance);
  *bytes = status ? 0 : frame.arena_bytes;
  return leave(instance, status);
}
