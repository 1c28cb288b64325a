//===- Signal.td - spectra and windows -----------------------------------------------===//
include "ingot/Dialect/ONNX/ONNXBase.td"

def ONNX_DFTOp : ONNX_PureOp<"DFT", 20, "discrete Fourier transform along an axis",
  (ins ONNX_FloatTensor:$input, ONNX_Opt<ONNX_IndexTensor>:$dft_length, ONNX_Opt<ONNX_I64Tensor>:$axis,
       ONNX_DefInt<"0">:$inverse, ONNX_DefInt<"0">:$onesided),
  (outs ONNX_FloatTensor:$output)>;
def ONNX_STFTOp : ONNX_PureOp<"STFT", 17, "Fourier transforms of windowed frames",
  (ins ONNX_FloatTensor:$signal, ONNX_IndexTensor:$frame_step, ONNX_Opt<ONNX_FloatTensor>:$window,
       ONNX_Opt<ONNX_IndexTensor>:$frame_length, ONNX_DefInt<"1">:$onesided),
  (outs ONNX_FloatTensor:$output)>;
def ONNX_MelWeightMatrixOp : ONNX_PureOp<"MelWeightMatrix", 17, "weights from linear to mel frequencies",
  (ins ONNX_IndexTensor:$num_mel_bins, ONNX_IndexTensor:$dft_length, ONNX_IndexTensor:$sample_rate,
       ONNX_FloatTensor:$lower_edge_hertz, ONNX_FloatTensor:$upper_edge_hertz, ONNX_DefInt<"1">:$output_datatype),
  (outs ONNX_NumTensor:$output)>;
def ONNX_BlackmanWindowOp : ONNX_PureOp<"BlackmanWindow", 17, "Blackman window",
  (ins ONNX_IndexTensor:$size, ONNX_DefInt<"1">:$output_datatype, ONNX_DefInt<"1">:$periodic), (outs ONNX_NumTensor:$output)>;
def ONNX_HammingWindowOp : ONNX_PureOp<"HammingWindow", 17, "Hamming window",
  (ins ONNX_IndexTensor:$size, ONNX_DefInt<"1">:$output_datatype, ONNX_DefInt<"1">:$periodic), (outs ONNX_NumTensor:$output)>;
def ONNX_HannWindowOp : ONNX_PureOp<"HannWindow", 17, "Hann window",
  (ins ONNX_IndexTensor:$size, ONNX_DefInt<"1">:$output_datatype, ONNX_DefInt<"1">:$periodic), (outs ONNX_NumTensor:$output)>;
