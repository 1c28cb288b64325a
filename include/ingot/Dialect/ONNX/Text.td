//===- Text.td - strings and n-grams -------------------------------------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

def ONNX_StringConcatOp : ONNX_PureOp<"StringConcat", 20, "joins strings elementwise",
  (ins ONNX_StringTensor:$X, ONNX_StringTensor:$Y), (outs ONNX_StringTensor:$Z)>;
def ONNX_StringSplitOp : ONNX_PureOp<"StringSplit", 20, "splits strings at a delimiter",
  (ins ONNX_StringTensor:$X, OptionalAttr<StrAttr>:$delimiter, OptionalAttr<I64Attr>:$maxsplit),
  (outs ONNX_StringTensor:$Y, ONNX_I64Tensor:$Z)>;
def ONNX_StringNormalizerOp : ONNX_PureOp<"StringNormalizer", 10, "changes case and drops stop words",
  (ins ONNX_StringTensor:$X, ONNX_DefStr<"NONE">:$case_change_action, ONNX_DefInt<"0">:$is_case_sensitive,
       OptionalAttr<StrAttr>:$locale, ONNX_OptStrings:$stopwords),
  (outs ONNX_StringTensor:$Y)>;
def ONNX_RegexFullMatchOp : ONNX_PureOp<"RegexFullMatch", 20, "whether whole strings match a pattern",
  (ins ONNX_StringTensor:$X, OptionalAttr<StrAttr>:$pattern), (outs ONNX_BoolTensor:$Y)>;
def ONNX_TfIdfVectorizerOp : ONNX_PureOp<"TfIdfVectorizer", 9, "counts or weights of n-grams",
  (ins ONNX_Tensor:$X, I64Attr:$max_gram_length, I64Attr:$max_skip_count, I64Attr:$min_gram_length, StrAttr:$mode,
       DenseI64ArrayAttr:$ngram_counts, DenseI64ArrayAttr:$ngram_indexes, ONNX_OptInts:$pool_int64s,
       ONNX_OptStrings:$pool_strings, ONNX_OptFloats:$weights),
  (outs ONNX_FloatTensor:$Y)>;

def ONNX_MsMurmurHash3Op : ONNX_PureOp<"ms.MurmurHash3", 1, "32-bit hashes of numbers or strings",
  (ins ONNX_Tensor:$X, ONNX_DefInt<"1">:$positive, ONNX_DefInt<"0">:$seed), (outs ONNX_Tensor:$Y)>;
def ONNX_MsTokenizerOp : ONNX_PureOp<"ms.Tokenizer", 1, "cuts strings into tokens, at separators or by an expression",
  (ins ONNX_StringTensor:$X, I64Attr:$mark, I64Attr:$mincharnum, StrAttr:$pad_value, ONNX_OptStrings:$separators,
       OptionalAttr<StrAttr>:$tokenexp, OptionalAttr<StrAttr>:$stopwords),
  (outs ONNX_StringTensor:$Y)>;
