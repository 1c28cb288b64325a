//===- Tokenizer.cpp - strings to tokens, by separators or by an expression ------------------===//
#include "ingot/Runtime/custom_op.h"

#include <cstring>
#include <memory>
#include <re2/re2.h>
#include <string>
#include <vector>

namespace {

using re2::StringPiece;
using Tokens = std::vector<StringPiece>;

/// The node's expressions, compiled at its first call.
struct Expressions {
  std::vector<std::unique_ptr<RE2>> separators;
  std::unique_ptr<RE2> token;
  bool byCharacter = false;
};
struct State { Expressions *expressions; };

void release(void *state) { delete static_cast<State *>(state)->expressions; }

std::unique_ptr<RE2> compile(ingot_string text) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_longest_match(true);
  return std::make_unique<RE2>(StringPiece(text.data, text.size), options);
}

ingot_status read(ingot_call *call, Expressions &e) {
  ingot_string token = ingot_attribute_string(call, "tokenexp");
  const ingot_tensor *separators = ingot_find_attribute(call, "separators");
  if (token.size) {
    e.token = compile(token);
    return e.token->ok() ? INGOT_OK : call->fail(call, INGOT_INVALID_ARGUMENT, ("tokenexp is not valid: " + e.token->error()).c_str());
  }
  for (int64_t i = 0; separators && i < separators->dims[0]; ++i) {
    ingot_string text = static_cast<const ingot_string *>(separators->data)[i];
    if (separators->dims[0] == 1 && !text.size) {
      e.byCharacter = true;
      return INGOT_OK;
    }
    e.separators.push_back(compile(text));
    if (!e.separators.back()->ok())
      return call->fail(call, INGOT_INVALID_ARGUMENT, ("a separator is not valid: " + e.separators.back()->error()).c_str());
  }
  if (e.separators.empty()) return call->fail(call, INGOT_INVALID_ARGUMENT, "has neither separators nor tokenexp");
  return INGOT_OK;
}

bool isFirstByte(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

int64_t characters(StringPiece s) {
  int64_t n = 0;
  for (char c : s) n += isFirstByte(c);
  return n;
}

void splitCharacters(StringPiece text, Tokens &tokens) {
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin + 1;
    while (end < text.size() && !isFirstByte(text[end])) ++end;
    tokens.push_back(text.substr(begin, end - begin));
    begin = end;
  }
}

/// All pieces between matches of `separator`.
void splitAt(const RE2 &separator, StringPiece text, Tokens &tokens) {
  size_t begin = 0, from = 0;
  StringPiece found;
  while (from < text.size() && separator.Match(text, from, text.size(), RE2::UNANCHORED, &found, 1)) {
    size_t at = found.data() - text.data();
    if (found.empty()) {
      from = at + 1;
      continue;
    }
    tokens.push_back(text.substr(begin, at - begin));
    begin = from = at + found.size();
  }
  tokens.push_back(text.substr(begin));
}

void findAll(const RE2 &token, StringPiece text, Tokens &tokens) {
  size_t from = 0;
  StringPiece found;
  while (from < text.size() && token.Match(text, from, text.size(), RE2::UNANCHORED, &found, 1)) {
    size_t at = found.data() - text.data();
    if (!found.empty()) tokens.push_back(found);
    from = at + std::max<size_t>(found.size(), 1);
  }
}

Tokens tokensOf(const Expressions &e, StringPiece text, int64_t shortest) {
  Tokens tokens, kept;
  if (e.byCharacter) {
    splitCharacters(text, tokens);
  } else if (e.token) {
    findAll(*e.token, text, tokens);
  } else {
    tokens.push_back(text);
    for (const auto &separator : e.separators) {
      Tokens parts;
      for (StringPiece token : tokens) splitAt(*separator, token, parts);
      tokens = std::move(parts);
    }
  }
  for (StringPiece token : tokens)
    if (!token.empty() && characters(token) >= shortest) kept.push_back(token);
  return kept;
}

ingot_status tokenize(ingot_call *call) {
  auto *state = static_cast<State *>(call->state(call, sizeof(State), release));
  if (!state) return INGOT_OUT_OF_MEMORY;
  if (!state->expressions) {
    auto made = std::make_unique<Expressions>();
    if (ingot_status status = read(call, *made)) return status;
    state->expressions = made.release();
  }
  const ingot_tensor &x = *call->inputs[0];
  ingot_tensor &y = call->outputs[0];
  int64_t shortest = ingot_attribute_int(call, "mincharnum", 1), marks = ingot_attribute_int(call, "mark", 0) ? 1 : 0, count = 1;
  for (int32_t d = 0; d < x.rank; ++d) count *= y.dims[d] = x.dims[d];
  std::vector<Tokens> rows(count);
  size_t most = 0;
  for (int64_t i = 0; i < count; ++i) {
    const ingot_string &s = static_cast<const ingot_string *>(x.data)[i];
    rows[i] = tokensOf(*state->expressions, StringPiece(s.data, s.size), shortest);
    most = std::max(most, rows[i].size());
  }
  // Where there is no token at all there are no marks either.
  if (most) most += 2 * marks;
  else marks = 0;
  y.rank = x.rank + 1;
  y.dims[x.rank] = most;
  y.bytes = count * most * sizeof(ingot_string);
  auto *out = static_cast<ingot_string *>(y.data = call->allocate(call, y.bytes));
  if (!out) return INGOT_OUT_OF_MEMORY;
  ingot_string pad = ingot_attribute_string(call, "pad_value");
  for (const Tokens &row : rows) {
    size_t at = 0;
    if (marks) out[at++] = {"\x02", 1};
    for (StringPiece token : row) out[at++] = {token.data(), token.size()};
    if (marks) out[at++] = {"\x03", 1};
    while (at < most) out[at++] = pad;
    out += most;
  }
  return INGOT_OK;
}

} // namespace

extern "C" ingot_status ingot_op_regex_tokenizer(ingot_call *call) {
  try {
    return tokenize(call);
  } catch (...) { // containers out of memory
    return INGOT_OUT_OF_MEMORY;
  }
}
