//===- ML.td - the operators of ai.onnx.ml that are not others of ONNX in disguise ----===//
//
// Scalers, encoders of one hot, linear models and support vector machines are rewritten at import into operators of the default domain
// (lib/Import/Opset/ML*.cpp); what is left walks trees, looks keys up, or deals in maps.
include "ingot/Dialect/ONNX/ONNXBase.td"

// The three forms of tree ensembles are this one.  `leaf_begins` is ours: leaf i has the weights leaf_begins[i] up to leaf_begins[i + 1];
// without it one weight each, as in version 5.  Sums start at `base_values`, one per target.
def ONNX_MLTreeEnsembleOp : ONNX_PureOp<"ml.TreeEnsemble", 5, "sums, means or extremes of the leaves that a row reaches",
  (ins ONNX_NumTensor:$X, ONNX_DefInt<"1">:$aggregate_function, ONNX_OptFloats:$base_values, ONNX_OptInts:$leaf_begins,
       DenseI64ArrayAttr:$leaf_targetids, ElementsAttr:$leaf_weights, ONNX_OptTensor:$membership_values, ONNX_DefInt<"1">:$n_targets,
       DenseI64ArrayAttr:$nodes_falseleafs, DenseI64ArrayAttr:$nodes_falsenodeids, DenseI64ArrayAttr:$nodes_featureids,
       ONNX_OptTensor:$nodes_hitrates, ONNX_OptInts:$nodes_missing_value_tracks_true, ElementsAttr:$nodes_modes, ElementsAttr:$nodes_splits,
       DenseI64ArrayAttr:$nodes_trueleafs, DenseI64ArrayAttr:$nodes_truenodeids, ONNX_DefInt<"0">:$post_transform,
       DenseI64ArrayAttr:$tree_roots),
  (outs ONNX_FloatTensor:$Y)>;
def ONNX_MLLabelEncoderOp : ONNX_PureOp<"ml.LabelEncoder", 4, "the value of each key, or the default",
  (ins ONNX_Tensor:$X, ElementsAttr:$default_tensor, ElementsAttr:$keys_tensor, ElementsAttr:$values_tensor), (outs ONNX_Tensor:$Y)>;
def ONNX_MLZipMapOp : ONNX_PureOp<"ml.ZipMap", 1, "a map from class labels to scores for each row",
  (ins ONNX_FloatTensor:$X, ONNX_OptInts:$classlabels_int64s, ONNX_OptStrings:$classlabels_strings), (outs ONNX_SequenceType:$Z)>;
def ONNX_MLCastMapOp : ONNX_PureOp<"ml.CastMap", 1, "the values of a map as a row",
  (ins ONNX_MapType:$X, ONNX_DefStr<"TO_FLOAT">:$cast_to, ONNX_DefStr<"DENSE">:$map_form, ONNX_DefInt<"1">:$max_map), (outs ONNX_Tensor:$Y)>;
def ONNX_MLDictVectorizerOp : ONNX_PureOp<"ml.DictVectorizer", 1, "the values of a map in the order of a vocabulary",
  (ins ONNX_MapType:$X, ONNX_OptInts:$int64_vocabulary, ONNX_OptStrings:$string_vocabulary), (outs ONNX_Tensor:$Y)>;
