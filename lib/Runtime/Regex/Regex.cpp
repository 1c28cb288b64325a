//===- Regex.cpp - regular expressions over strings, by RE2 --------------------------------===//
//
// An archive of its own, libingot_regex.a, because RE2 is C++: only models with such operators link it, with -lre2 -lstdc++.
//===----------------------------------------------------------------------------------===//
#include "ingot/Runtime/custom_op.h"

#include <cstring>
#include <new>
#include <re2/re2.h>

namespace {

/// The node's expression, compiled at its first call.
struct Expression {
  RE2 *compiled;
};

void release(void *state) { delete static_cast<Expression *>(state)->compiled; }

ingot_status compile(ingot_call *call, const char *attribute, RE2 **result) {
  auto *state = static_cast<Expression *>(call->state(call, sizeof(Expression), release));
  if (!state) return INGOT_OUT_OF_MEMORY;
  if (!state->compiled) {
    ingot_string pattern = ingot_attribute_string(call, attribute);
    RE2::Options options;
    options.set_log_errors(false);
    state->compiled = new (std::nothrow) RE2(re2::StringPiece(pattern.data, pattern.size), options);
    if (!state->compiled) return INGOT_OUT_OF_MEMORY;
  }
  if (!state->compiled->ok()) return call->fail(call, INGOT_INVALID_ARGUMENT, ("the expression is not valid: " + state->compiled->error()).c_str());
  *result = state->compiled;
  return INGOT_OK;
}

} // namespace

extern "C" ingot_status ingot_op_regex_full_match(ingot_call *call) {
  RE2 *expression;
  if (ingot_status status = compile(call, "pattern", &expression)) return status;
  const ingot_tensor &x = *call->inputs[0];
  ingot_tensor &y = call->outputs[0];
  int64_t count = 1;
  y.rank = x.rank;
  for (int32_t d = 0; d < x.rank; ++d) {
    y.dims[d] = x.dims[d];
    count *= x.dims[d];
  }
  y.bytes = count;
  auto *out = static_cast<uint8_t *>(y.data = call->allocate(call, count));
  if (!out) return INGOT_OUT_OF_MEMORY;
  auto *strings = static_cast<const ingot_string *>(x.data);
  for (int64_t i = 0; i < count; ++i) out[i] = RE2::FullMatch(re2::StringPiece(strings[i].data, strings[i].size), *expression);
  return INGOT_OK;
}
