//===- Resize.td - images, grids and boxes -------------------------------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

def ONNX_ResizeOp : ONNX_PureOp<"Resize", 19, "interpolates to other sizes",
  (ins ONNX_Tensor:$X, ONNX_Opt<ONNX_FloatTensor>:$roi, ONNX_Opt<ONNX_FloatTensor>:$scales, ONNX_Opt<ONNX_I64Tensor>:$sizes,
       ONNX_DefInt<"0">:$antialias, ONNX_OptInts:$axes, ONNX_DefStr<"half_pixel">:$coordinate_transformation_mode,
       ONNX_DefFloat<"-0.75f">:$cubic_coeff_a, ONNX_DefInt<"0">:$exclude_outside, ONNX_DefFloat<"0.0f">:$extrapolation_value,
       ONNX_DefStr<"stretch">:$keep_aspect_ratio_policy, ONNX_DefStr<"nearest">:$mode,
       ONNX_DefStr<"round_prefer_floor">:$nearest_mode),
  (outs ONNX_Tensor:$Y)>;
def ONNX_GridSampleOp : ONNX_PureOp<"GridSample", 22, "interpolates at the points of a grid",
  (ins ONNX_Tensor:$X, ONNX_FloatTensor:$grid, ONNX_DefInt<"0">:$align_corners, ONNX_DefStr<"linear">:$mode,
       ONNX_DefStr<"zeros">:$padding_mode),
  (outs ONNX_Tensor:$Y)>;
def ONNX_AffineGridOp : ONNX_PureOp<"AffineGrid", 20, "the sampling grid of an affine map",
  (ins ONNX_FloatTensor:$theta, ONNX_I64Tensor:$size, ONNX_DefInt<"0">:$align_corners), (outs ONNX_FloatTensor:$grid)>;
def ONNX_RoiAlignOp : ONNX_PureOp<"RoiAlign", 22, "interpolated pooling of regions",
  (ins ONNX_FloatTensor:$X, ONNX_FloatTensor:$rois, ONNX_I64Tensor:$batch_indices,
       ONNX_DefStr<"half_pixel">:$coordinate_transformation_mode, ONNX_DefStr<"avg">:$mode, ONNX_DefInt<"1">:$output_height,
       ONNX_DefInt<"1">:$output_width, ONNX_DefInt<"0">:$sampling_ratio, ONNX_DefFloat<"1.0f">:$spatial_scale),
  (outs ONNX_FloatTensor:$Y)>;
def ONNX_MaxRoiPoolOp : ONNX_PureOp<"MaxRoiPool", 22, "max pooling of regions",
  (ins ONNX_FloatTensor:$X, ONNX_FloatTensor:$rois, DenseI64ArrayAttr:$pooled_shape, ONNX_DefFloat<"1.0f">:$spatial_scale),
  (outs ONNX_FloatTensor:$Y)>;
def ONNX_NonMaxSuppressionOp : ONNX_PureOp<"NonMaxSuppression", 11, "boxes that survive suppression by better ones",
  (ins ONNX_FloatTensor:$boxes, ONNX_FloatTensor:$scores, ONNX_Opt<ONNX_I64Tensor>:$max_output_boxes_per_class,
       ONNX_Opt<ONNX_FloatTensor>:$iou_threshold, ONNX_Opt<ONNX_FloatTensor>:$score_threshold,
       ONNX_DefInt<"0">:$center_point_box),
  (outs ONNX_I64Tensor:$selected_indices)>;
def ONNX_ImageDecoderOp : ONNX_PureOp<"ImageDecoder", 20, "pixels of an encoded image",
  (ins ONNX_IntTensor:$encoded_stream, ONNX_DefStr<"RGB">:$pixel_format), (outs ONNX_IntTensor:$image)>;
