//===- Indexing.td - operators that select or place elements by value or index -------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

def ONNX_GatherOp : ONNX_PureOp<"Gather", 13, "slices by index along an axis",
  (ins ONNX_Tensor:$data, ONNX_IndexTensor:$indices, ONNX_DefInt<"0">:$axis), (outs ONNX_Tensor:$output)>;
def ONNX_GatherElementsOp : ONNX_PureOp<"GatherElements", 13, "elements by index along an axis",
  (ins ONNX_Tensor:$data, ONNX_IndexTensor:$indices, ONNX_DefInt<"0">:$axis), (outs ONNX_Tensor:$output)>;
def ONNX_GatherNDOp : ONNX_PureOp<"GatherND", 13, "slices by tuples of indices",
  (ins ONNX_Tensor:$data, ONNX_I64Tensor:$indices, ONNX_DefInt<"0">:$batch_dims), (outs ONNX_Tensor:$output)>;
def ONNX_ScatterElementsOp : ONNX_PureOp<"ScatterElements", 18, "a copy with elements replaced by index along an axis",
  (ins ONNX_Tensor:$data, ONNX_IndexTensor:$indices, ONNX_Tensor:$updates, ONNX_DefInt<"0">:$axis,
       ONNX_DefStr<"none">:$reduction),
  (outs ONNX_Tensor:$output)>;
def ONNX_ScatterNDOp : ONNX_PureOp<"ScatterND", 18, "a copy with slices replaced by tuples of indices",
  (ins ONNX_Tensor:$data, ONNX_I64Tensor:$indices, ONNX_Tensor:$updates, ONNX_DefStr<"none">:$reduction),
  (outs ONNX_Tensor:$output)>;
def ONNX_TensorScatterOp : ONNX_PureOp<"TensorScatter", 24, "a cache with new rows written at given positions",
  (ins ONNX_Tensor:$past_cache, ONNX_Tensor:$update, ONNX_Opt<ONNX_I64Tensor>:$write_indices, ONNX_DefInt<"-2">:$axis,
       ONNX_DefStr<"linear">:$mode),
  (outs ONNX_Tensor:$present_cache)>;
def ONNX_NonZeroOp : ONNX_PureOp<"NonZero", 13, "the indices of elements that are not zero",
  (ins ONNX_Tensor:$X), (outs ONNX_I64Tensor:$Y)>;
def ONNX_CompressOp : ONNX_PureOp<"Compress", 11, "slices where the condition holds",
  (ins ONNX_Tensor:$input, ONNX_BoolTensor:$condition, OptionalAttr<I64Attr>:$axis), (outs ONNX_Tensor:$output)>;
def ONNX_UniqueOp : ONNX_PureOp<"Unique", 11, "the distinct elements or slices",
  (ins ONNX_Tensor:$X, OptionalAttr<I64Attr>:$axis, ONNX_DefInt<"1">:$sorted),
  (outs ONNX_Tensor:$Y, ONNX_I64Tensor:$indices, ONNX_I64Tensor:$inverse_indices, ONNX_I64Tensor:$counts)>;
def ONNX_TopKOp : ONNX_PureOp<"TopK", 24, "the k largest or smallest along an axis",
  (ins ONNX_NumTensor:$X, ONNX_I64Tensor:$K, ONNX_DefInt<"-1">:$axis, ONNX_DefInt<"1">:$largest, ONNX_DefInt<"1">:$sorted),
  (outs ONNX_NumTensor:$Values, ONNX_I64Tensor:$Indices)>;
def ONNX_OneHotOp : ONNX_PureOp<"OneHot", 11, "indices to vectors of off and on values",
  (ins ONNX_NumTensor:$indices, ONNX_NumTensor:$depth, ONNX_Tensor:$values, ONNX_DefInt<"-1">:$axis), (outs ONNX_Tensor:$output)>;
def ONNX_ArgMaxOp : ONNX_PureOp<"ArgMax", 13, "index of the largest along an axis",
  (ins ONNX_NumTensor:$data, ONNX_DefInt<"0">:$axis, ONNX_DefInt<"1">:$keepdims, ONNX_DefInt<"0">:$select_last_index),
  (outs ONNX_I64Tensor:$reduced)>;
def ONNX_ArgMinOp : ONNX_PureOp<"ArgMin", 13, "index of the smallest along an axis",
  (ins ONNX_NumTensor:$data, ONNX_DefInt<"0">:$axis, ONNX_DefInt<"1">:$keepdims, ONNX_DefInt<"0">:$select_last_index),
  (outs ONNX_I64Tensor:$reduced)>;
def ONNX_CumSumOp : ONNX_PureOp<"CumSum", 14, "running sums along an axis",
  (ins ONNX_NumTensor:$x, ONNX_IndexTensor:$axis, ONNX_DefInt<"0">:$exclusive, ONNX_DefInt<"0">:$reverse),
  (outs ONNX_NumTensor:$y)>;
def ONNX_CumProdOp : ONNX_PureOp<"CumProd", 26, "running products along an axis",
  (ins ONNX_NumTensor:$x, ONNX_IndexTensor:$axis, ONNX_DefInt<"0">:$exclusive, ONNX_DefInt<"0">:$reverse),
  (outs ONNX_NumTensor:$y)>;
