/*===- Call.c - calls of C functions --------------------------------------------------------===
 *
 * Linked only into models that call one.  What a function gives is checked against what the generated code was compiled for, so that a mistake
 * in it ends in a status that names the node.
 *===----------------------------------------------------------------------------------*/
#include "Instance.h"

static ingot_frame *frameOf(ingot_call *call) { return call->run; }

static void *allocateForCall(ingot_call *call, size_t bytes) {
  return ingot_frame_allocate(frameOf(call), bytes > INT64_MAX ? -1 : (int64_t)bytes);
}

static ingot_text beginNode(ingot_frame *frame, const char *node) {
  ingot_text text = ingotTextBegin(frame->instance->error, INGOT_ERROR_SIZE);
  ingotTextString(&text, node);
  ingotTextString(&text, ": ");
  return text;
}

static ingot_status failCall(ingot_call *call, ingot_status status, const char *reason) {
  if (status == INGOT_OK)
    status = INGOT_INVALID_ARGUMENT;
  if (ingotClaimFailure(frameOf(call), status)) {
    ingot_text text = beginNode(frameOf(call), call->node);
    ingotTextString(&text, reason);
  }
  return status;
}

static void *stateOfCall(ingot_call *call, size_t bytes, void (*release)(void *)) {
  ingot_node_state *node = call->node_state;
  if (node->own)
    return node->own;
  ingot_instance *instance = frameOf(call)->instance;
  node->ownBytes = (bytes + INGOT_ALIGNMENT) / INGOT_ALIGNMENT * INGOT_ALIGNMENT;
  node->own = node->ownBytes > bytes ? ingotAcquire(instance, node->ownBytes) : 0;
  if (!node->own)
    return 0;
  memset(node->own, 0, node->ownBytes);
  node->releaseOwn = release;
  return node->own;
}

/* The bytes of all attributes' descriptors, and of the table of strings behind them. */
static size_t nodeBytes(const ingot_site *site) {
  size_t bytes = sizeof(ingot_node_state) + (size_t)site->attribute_count * sizeof(ingot_attribute);
  for (int32_t i = 0; i < site->attribute_count; ++i) {
    const ingot_site_attribute *a = &site->attributes[i];
    if (a->type == INGOT_STRING)
      bytes += (size_t)ingotElementCount(a->rank, a->dims, sizeof(ingot_string)) * sizeof(ingot_string);
  }
  return bytes;
}

static void describeAttributes(const ingot_site *site, ingot_node_state *node) {
  ingot_string *strings = (ingot_string *)(node->attributes + site->attribute_count);
  for (int32_t i = 0; i < site->attribute_count; ++i) {
    const ingot_site_attribute *a = &site->attributes[i];
    ingot_tensor *value = &node->attributes[i].value;
    node->attributes[i].name = a->name;
    value->type = (ingot_type)a->type;
    value->rank = a->rank;
    for (int32_t d = 0; d < a->rank; ++d)
      value->dims[d] = a->dims[d];
    int64_t count = ingotElementCount(a->rank, a->dims, ingot_element_size(value->type));
    value->bytes = (size_t)count * ingot_element_size(value->type);
    value->data = (void *)a->data;
    if (value->type != INGOT_STRING)
      continue;
    value->data = strings;
    for (int64_t k = 0; k < count; ++k, ++strings) {
      int64_t begin = k ? a->ends[k - 1] : 0;
      strings->data = (const char *)a->data + begin;
      strings->size = (size_t)(a->ends[k] - begin);
    }
  }
}

static ingot_node_state *nodeOf(ingot_frame *frame, const ingot_site *site) {
  ingot_instance *instance = frame->instance;
  for (ingot_node_state *node = instance->nodes; node; node = node->next)
    if (node->site == site)
      return node;
  size_t bytes = nodeBytes(site);
  ingot_node_state *node = ingotAcquire(instance, bytes);
  if (!node)
    return 0;
  memset(node, 0, bytes);
  node->site = site;
  node->bytes = bytes;
  node->attributes = (ingot_attribute *)(node + 1);
  describeAttributes(site, node);
  node->next = instance->nodes;
  instance->nodes = node;
  return node;
}

static int32_t failResult(ingot_frame *frame, const ingot_site *site, int32_t index, const char *has, int64_t got, const char *expected,
                          int64_t want) {
  if (ingotClaimFailure(frame, INGOT_SHAPE_MISMATCH)) {
    ingot_text text = beginNode(frame, site->node);
    ingotTextString(&text, "result ");
    ingotTextInteger(&text, index);
    ingotTextString(&text, has);
    ingotTextInteger(&text, got);
    ingotTextString(&text, expected);
    if (want >= 0)
      ingotTextInteger(&text, want);
  }
  return INGOT_SHAPE_MISMATCH;
}

static int32_t failType(ingot_frame *frame, const ingot_site *site, int32_t index, const ingot_tensor *got, const ingot_site_result *want) {
  if (ingotClaimFailure(frame, INGOT_INVALID_ARGUMENT)) {
    ingot_text text = beginNode(frame, site->node);
    ingotTextString(&text, "result ");
    ingotTextInteger(&text, index);
    ingotTextString(&text, " is ");
    if ((int32_t)got->kind == want->kind)
      ingotTextType(&text, got->type);
    else
      ingotTextKind(&text, got->kind);
    ingotTextString(&text, ", expected ");
    if ((int32_t)got->kind == want->kind)
      ingotTextType(&text, want->type);
    else
      ingotTextKind(&text, want->kind);
  }
  return INGOT_INVALID_ARGUMENT;
}

static int32_t checkResult(ingot_frame *frame, const ingot_site *site, int32_t index, const ingot_tensor *got) {
  const ingot_site_result *want = &site->results[index];
  if ((int32_t)got->kind != want->kind || (want->kind == INGOT_TENSOR && (int32_t)got->type != want->type))
    return failType(frame, site, index, got, want);
  if (got->rank < 0 || got->rank > INGOT_MAX_RANK || (want->kind == INGOT_TENSOR && want->rank >= 0 && got->rank != want->rank))
    return failResult(frame, site, index, " has rank ", got->rank, ", expected ", want->rank >= 0 ? want->rank : INGOT_MAX_RANK);
  for (int32_t d = 0; want->kind == INGOT_TENSOR && d < want->rank; ++d)
    if (want->dims[d] != INGOT_UNKNOWN_DIM && got->dims[d] != want->dims[d]) {
      static const char *const places[] = {" has in dimension 0 size ", " has in dimension 1 size ", " has in dimension 2 size ", " has a dimension "};
      return failResult(frame, site, index, places[d < 3 ? d : 3], got->dims[d], ", expected ", want->dims[d]);
    }
  size_t size = want->kind == INGOT_TENSOR ? ingot_element_size(got->type) : sizeof(ingot_tensor);
  int64_t count = ingotElementCount(got->rank, got->dims, size);
  if (count < 0 || (count && (!got->data || got->bytes < (size_t)count * size)))
    return failResult(frame, site, index, " has bytes of data: ", (int64_t)got->bytes, ", expected ", count < 0 ? 0 : count * (int64_t)size);
  return INGOT_OK;
}

int32_t ingot_frame_call(ingot_frame *frame, const ingot_site *site, const ingot_tensor *const *inputs, ingot_tensor *outputs,
                         const ingot_tensor **handles) {
  static const char outOfMemory[] = "no memory for what a node keeps";
  if (frame->query)
    return INGOT_INVALID_ARGUMENT; /* ends the run, which has no data to compute with; no failure */
  ingot_node_state *node = nodeOf(frame, site);
  if (!node) {
    ingot_frame_fail(frame, INGOT_OUT_OF_MEMORY, outOfMemory);
    return INGOT_OUT_OF_MEMORY;
  }
  for (int32_t i = 0; i < site->output_count; ++i) {
    const ingot_site_result *want = &site->results[i];
    memset(&outputs[i], 0, sizeof outputs[i]);
    outputs[i].kind = (ingot_kind)want->kind;
    outputs[i].type = (ingot_type)want->type;
    outputs[i].rank = want->rank;
    for (int32_t d = 0; d < want->rank; ++d)
      outputs[i].dims[d] = want->dims[d];
  }
  ingot_call call = {INGOT_ABI_VERSION, site->input_count, site->output_count, site->attribute_count, site->node,  inputs, outputs,
                     node->attributes,  allocateForCall,   failCall,           stateOfCall,           frame,       node};
  ingot_status status = site->function(&call);
  if (status && !frame->status)
    failCall(&call, status, status == INGOT_OUT_OF_MEMORY ? outOfMemory : "the function failed without a reason");
  if (frame->status)
    return frame->status;
  for (int32_t i = 0; i < site->output_count; ++i) {
    int32_t checked = checkResult(frame, site, i, &outputs[i]);
    if (checked)
      return checked;
    if (!handles[i]) /* a tensor whose descriptor the generated code reads */
      continue;
    ingot_tensor *handle = ingot_frame_allocate(frame, sizeof(ingot_tensor));
    if (!handle)
      return INGOT_OUT_OF_MEMORY;
    *handle = outputs[i];
    if (handle->kind == INGOT_TENSOR)
      handle->reserved = 1; /* its memory stays to the end of the run */
    handles[i] = handle;
  }
  return INGOT_OK;
}
