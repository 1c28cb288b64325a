// Every message of the shape rules about attributes that name types or sizes, and about what an operand holds.
// RUN: ingot-opt %s -onnx-infer-shapes -split-input-file -verify-diagnostics

func.func @like(%x: tensor<2xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected 'dtype' to be a number of an element type, got 99}}
  %y = onnx.RandomNormalLike %x {dtype = 99 : i64} : (tensor<2xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @random() -> tensor<*xf32> {
  // expected-error @+1 {{expected 'dtype' to be a number of an element type, got 99}}
  %y = onnx.RandomNormal {dtype = 99 : i64, shape = array<i64: 2>} : () -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @random_shape() -> tensor<*xf32> {
  // expected-error @+1 {{expected sizes of 0 or more, got -2}}
  %y = onnx.RandomNormal {shape = array<i64: -2>} : () -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @multinomial(%x: tensor<2x3xf32>) -> tensor<*xi64> {
  // expected-error @+1 {{expected 'dtype' to be a number of an element type, got 99}}
  %y = onnx.Multinomial %x {dtype = 99 : i64} : (tensor<2x3xf32>) -> tensor<*xi64>
  return %y : tensor<*xi64>
}

// -----

func.func @sequence() -> !onnx.seq<tensor<*xf32>> {
  // expected-error @+1 {{expected 'dtype' to be a number of an element type, got 99}}
  %y = onnx.SequenceEmpty {dtype = 99 : i64} : () -> !onnx.seq<tensor<*xf32>>
  return %y : !onnx.seq<tensor<*xf32>>
}

// -----

func.func @stash(%x: tensor<2xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected 'stash_type' to be the number of a float type, got 7}}
  %y:3 = onnx.LayerNormalization %x, %x, %none {stash_type = 7 : i64} : (tensor<2xf32>, tensor<2xf32>, none) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %y#0 : tensor<*xf32>
}

// -----

func.func @quantize(%x: tensor<2xf32>, %s: tensor<f32>) -> tensor<*xui8> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected 'output_dtype' to be the number of an element type, got 99}}
  %y = onnx.QuantizeLinear %x, %s, %none {output_dtype = 99 : i64} : (tensor<2xf32>, tensor<f32>, none) -> tensor<*xui8>
  return %y : tensor<*xui8>
}

// -----

func.func @window(%n: tensor<i64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected 'output_datatype' to be a number of an element type, got 99}}
  %y = onnx.HannWindow %n {output_datatype = 99 : i64} : (tensor<i64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @frames(%x: tensor<1x8x1xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  %step = onnx.Constant {value = dense<0> : tensor<i64>} : tensor<i64>
  // expected-error @+1 {{expected a frame step of 1 or more, got 0}}
  %y = onnx.STFT %x, %step, %none, %none : (tensor<1x8x1xf32>, tensor<i64>, none, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @gather(%x: tensor<2x3xf32>) -> tensor<*xi64> {
  %shape = onnx.Shape %x : (tensor<2x3xf32>) -> tensor<*xi64>
  %at = onnx.Constant {value = dense<2> : tensor<i64>} : tensor<i64>
  // expected-error @+1 {{expected indices from -2 to 1, got 2}}
  %y = onnx.Gather %shape, %at : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  return %y : tensor<*xi64>
}

// -----

func.func @loss(%x: tensor<2x3xf32>, %t: tensor<2xi64>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected 'reduction' to be none, mean or sum, got 'all'}}
  %y = onnx.NegativeLogLikelihoodLoss %x, %t, %none {reduction = "all"} : (tensor<2x3xf32>, tensor<2xi64>, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @split_share(%x: tensor<1xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected a dimension that 3 results can share, got 1}}
  %y:3 = onnx.Split %x, %none : (tensor<1xf32>, none) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %y#0 : tensor<*xf32>
}

// -----

func.func @split_nothing(%x: tensor<1xf32>) {
  %none = onnx.NoValue
  // expected-error @+1 {{expected at least one result}}
  onnx.Split %x, %none : (tensor<1xf32>, none) -> ()
  return
}

// -----

func.func @ellipsis(%x: tensor<1x1x1x1x1x1x1x1x1x1x1xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected at most 10 dimensions under the ellipsis, got 11}}
  %y = onnx.Einsum %x {equation = "...->..."} : (tensor<1x1x1x1x1x1x1x1x1x1x1xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @heads(%x: tensor<1x2x6xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected a multiple of 4 features, one share for each head, got 6}}
  %y:4 = onnx.Attention %x, %x, %x, %none, %none, %none, %none {q_num_heads = 4 : i64, kv_num_heads = 4 : i64}
    : (tensor<1x2x6xf32>, tensor<1x2x6xf32>, tensor<1x2x6xf32>, none, none, none, none) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %y#0 : tensor<*xf32>
}

// -----

func.func @kernel(%x: tensor<1x1xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a 'kernel_shape' of one size or more}}
  %y = onnx.AveragePool %x {kernel_shape = array<i64>} : (tensor<1x1xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @grid(%t: tensor<1x2x3xf32>, %s: tensor<3xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected 4 or 5 sizes, got 3}}
  %y = onnx.AffineGrid %t, %s : (tensor<1x2x3xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @regions(%x: tensor<1x1x4x4xf32>, %r: tensor<1x5xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected pooled sizes of 1 or more, got 0}}
  %y = onnx.MaxRoiPool %x, %r {pooled_shape = array<i64: 2, 0>} : (tensor<1x1x4x4xf32>, tensor<1x5xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @region_sizes(%x: tensor<1x1x4x4xf32>, %r: tensor<1x5xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected 2 sizes in 'pooled_shape', got 1}}
  %y = onnx.MaxRoiPool %x, %r {pooled_shape = array<i64: 2>} : (tensor<1x1x4x4xf32>, tensor<1x5xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @grams(%x: tensor<4xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected indices of 0 or more in 'ngram_indexes', got -1}}
  %y = onnx.TfIdfVectorizer %x {max_gram_length = 1 : i64, max_skip_count = 0 : i64, min_gram_length = 1 : i64, mode = "TF", ngram_counts = array<i64: 0>,
                                ngram_indexes = array<i64: -1>, pool_int64s = array<i64: 1>} : (tensor<4xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @labels(%x: tensor<2xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected one default of the values' type 'f32', got 'tensor<2xf32>'}}
  %y = onnx.ml.LabelEncoder %x {default_tensor = dense<0.0> : tensor<2xf32>, keys_tensor = dense<1> : tensor<1xi64>, values_tensor = dense<1.0> : tensor<1xf32>}
    : (tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @zip(%x: tensor<1x2xf32>) -> !onnx.seq<!onnx.map<i64, f32>> {
  // expected-error @+1 {{expected either 'classlabels_int64s' or 'classlabels_strings'}}
  %y = onnx.ml.ZipMap %x : (tensor<1x2xf32>) -> !onnx.seq<!onnx.map<i64, f32>>
  return %y : !onnx.seq<!onnx.map<i64, f32>>
}

// -----

func.func @cast_to(%x: !onnx.map<i64, tensor<f32>>) -> tensor<*xf32> {
  // expected-error @+1 {{expected 'cast_to' TO_FLOAT, TO_INT64 or TO_STRING, got TO_BOOL}}
  %y = onnx.ml.CastMap %x {cast_to = "TO_BOOL"} : (!onnx.map<i64, tensor<f32>>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @map_form(%x: !onnx.map<i64, tensor<f32>>) -> tensor<*xf32> {
  // expected-error @+1 {{expected 'map_form' DENSE or SPARSE, got THIN}}
  %y = onnx.ml.CastMap %x {map_form = "THIN"} : (!onnx.map<i64, tensor<f32>>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @max_map(%x: !onnx.map<i64, tensor<f32>>) -> tensor<*xf32> {
  // expected-error @+1 {{expected 'max_map' of 1 or more, got 0}}
  %y = onnx.ml.CastMap %x {map_form = "SPARSE", max_map = 0 : i64} : (!onnx.map<i64, tensor<f32>>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @vocabulary(%x: !onnx.map<i64, tensor<f32>>) -> tensor<*xf32> {
  // expected-error @+1 {{expected 'int64_vocabulary' for a map with keys of type 'i64'}}
  %y = onnx.ml.DictVectorizer %x {string_vocabulary = ["a"]} : (!onnx.map<i64, tensor<f32>>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @bits(%x: tensor<1x16xf32>, %b: tensor<1x1x8xui8>, %s: tensor<1x1xf32>) -> tensor<*xf32> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected 'K' and 'N' of 1 or more, got 0 and 1}}
  %y = onnx.ms.MatMulNBits %x, %b, %s, %none, %none, %none {K = 0 : i64, N = 1 : i64, block_size = 16 : i64}
    : (tensor<1x16xf32>, tensor<1x1x8xui8>, tensor<1x1xf32>, none, none, none) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @insert(%s: !onnx.seq<tensor<2xf32>>, %x: tensor<2xi64>) -> !onnx.seq<tensor<2xf32>> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected a tensor for a sequence of 'tensor<2xf32>', got 'tensor<2xi64>'}}
  %y = onnx.SequenceInsert %s, %x, %none : (!onnx.seq<tensor<2xf32>>, tensor<2xi64>, none) -> !onnx.seq<tensor<2xf32>>
  return %y : !onnx.seq<tensor<2xf32>>
}

// -----

func.func @optional() -> !onnx.opt<tensor<2xf32>> {
  %none = onnx.NoValue
  // expected-error @+1 {{expected an operand or the attribute 'type'}}
  %y = onnx.Optional %none : (none) -> !onnx.opt<tensor<2xf32>>
  return %y : !onnx.opt<tensor<2xf32>>
}

// -----

func.func @custom(%x: tensor<2xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a type for each of 1 results, got 2}}
  %y = onnx.Custom %x {function = "f", parameters = {}, types = [tensor<2xf32>, tensor<2xf32>]} : (tensor<2xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
