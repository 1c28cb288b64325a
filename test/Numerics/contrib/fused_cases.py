"""What ONNX Runtime's optimiser fuses."""
import math

import numpy as np

from nodes import F32, I32, case, f, i32, i64, u8


def erf(x):
    return np.vectorize(math.erf)(x)


def gelu(x):
    return (x * 0.5 * (1 + erf(x / np.sqrt(2)))).astype(np.float32)


def fast_gelu(x):
    return (0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))).astype(np.float32)


def group_norm(x, gamma, beta, groups, epsilon=1e-5):
    """Channels last."""
    parts = x.reshape(x.shape[0], -1, groups, x.shape[-1] // groups)
    normal = (parts - parts.mean((1, 3), keepdims=True)) / np.sqrt(parts.var((1, 3), keepdims=True) + epsilon)
    return (normal.reshape(x.shape) * gamma + beta).astype(np.float32)


def t5_buckets(distances, buckets, furthest):
    """Both ways: half of the buckets for keys behind the query, in each half the first half exact."""
    half = buckets // 2
    back, base = np.abs(distances), np.where(distances > 0, half, 0)
    exact = half // 2
    large = exact + (np.log(np.maximum(back, 1) / exact) / np.log(furthest / exact) * (half - exact)).astype(int)
    return base + np.where(back < exact, back, np.minimum(large, half - 1))


def add():
    x, w, b = f(1, 2, 5, 5), f(3, 2, 3, 3), f(3)
    conv = lambda name, inputs=(x, w, b), **more: case("fused_conv_" + name, "FusedConv", list(inputs), **more)
    conv("relu", activation="Relu", pads=[1, 1, 1, 1])
    conv("leaky", activation="LeakyRelu", activation_params=[0.3])
    conv("clip", activation="Clip", activation_params=[-0.5, 0.5])
    conv("hard_sigmoid", activation="HardSigmoid", activation_params=[0.3, 0.4])
    conv("sum", (x, w, b, f(1, 3, 3, 3)), activation="Relu")
    case("fused_gemm", "FusedGemm", [f(2, 3), f(4, 3), f(4)], activation="LeakyRelu", activation_alpha=0.2, transB=1, alpha=0.5)
    mm = lambda name, a, c, **more: case("fused_matmul_" + name, "FusedMatMul", [a, c], **more)
    mm("alpha", f(2, 3), f(3, 4), alpha=0.5)
    mm("both", f(2, 3, 2), f(2, 4, 3), transA=1, transB=1)
    mm("batch", f(3, 2, 4), f(2, 4, 5), transBatchA=1)
    mm("batch_and_last", f(4, 2, 3), f(5, 2, 4), transA=1, transB=1, transBatchA=1, transBatchB=1)
    case("transpose_matmul", "TransposeMatMul", [f(3, 2), f(3, 4)], transA=1)
    a, c, d = f(2, 3), f(3, 4), f(4)
    case("gemm_fast_gelu", "GemmFastGelu", [a, c, d], expected=[fast_gelu(a @ c + d)])
    case("bias_gelu", "BiasGelu", [f(2, 3), f(3)])
    case("fast_gelu", "FastGelu", [f(2, 3), f(3)])
    case("quick_gelu", "QuickGelu", [f(2, 3)], alpha=0.9)
    case("gelu", "Gelu", [f(2, 3)])
    x, bias = f(2, 3, 4), f(2, 4)
    e = np.exp(x + bias[:, None])
    case("bias_softmax_inner", "BiasSoftmax", [x, bias], axis=2, is_inner_broadcast=1, expected=[(e / e.sum(-1, keepdims=True)).astype(np.float32)])
    x, bias, skip = f(1, 3, 8), f(8), f(1, 3, 8)
    case("bias_split_gelu", "BiasSplitGelu", [x, bias], expected=[(x + bias)[..., :4] * gelu((x + bias)[..., 4:])])
    case("bias_add", "BiasAdd", [x, bias, skip], expected=[x + bias + skip])
    case("skip_layer_norm", "SkipLayerNormalization", [f(2, 3, 4), f(2, 3, 4), f(4), f(4), f(4)], epsilon=1e-5)
    case("skip_simplified_layer_norm", "SkipSimplifiedLayerNormalization", [f(2, 3, 4), f(2, 3, 4), f(4)], epsilon=1e-5)
    embed = [i32(1, 2, 3, 4, 0, 1).reshape(2, 3), i32(0, 1, 0, 1, 1, 0).reshape(2, 3), f(5, 4), f(4, 4), f(2, 4), f(4), f(4)]
    case("embed_layer_norm", "EmbedLayerNormalization", embed + [i32(1, 1, 0, 1, 1, 1).reshape(2, 3)], 2, types=[F32, I32], epsilon=1e-5)
    case("embed_layer_norm_no_segments", "EmbedLayerNormalization", [embed[0], None, f(5, 4), f(4, 4), None, f(4), f(4)], 2, types=[F32, I32], epsilon=1e-5)
    x, gamma, beta, skip = f(2, 2, 3, 4), f(4), f(4), f(2, 2, 3, 4)
    y = group_norm(x, gamma, beta, 2)
    case("group_norm", "GroupNorm", [x, gamma, beta], groups=2, activation=1, expected=[y / (1 + np.exp(-y))])
    case("skip_group_norm", "SkipGroupNorm", [x, gamma, beta, skip], 2, groups=2, activation=0, expected=[group_norm(x + skip, gamma, beta, 2), x + skip])
    table, at = f(8, 2), np.arange(7)
    case("relative_position_bias", "RelativePositionBias", [table, i64(7), i64(7)], is_bidirectional=1, max_distance=10,
         expected=[table[t5_buckets(at[None] - at[:, None], 8, 10)].transpose(2, 0, 1)[None]])
    q, bias, positions, w, b, eco = f(1, 3, 8), f(8), f(1, 2, 3, 3), f(4, 8), f(8), f(1, 2, 1, 1)
    gates = 1 / (1 + np.exp(-(((q + bias).reshape(1, 3, 2, 4).transpose(0, 2, 1, 3) @ w + b).reshape(1, 2, 3, 2, 4).sum(-1))))
    case("gated_relative_position_bias", "GatedRelativePositionBias", [q, bias, positions, w, b, eco], num_heads=2,
         expected=[((gates[..., :1] * (gates[..., 1:] * eco - 1) + 2) * positions).astype(np.float32)])
    tokens, router = f(5, 8), f(5, 4)
    for kind in ("relu", "gelu", "silu", "identity"):
        case("moe_" + kind, "MoE", [tokens, router, f(4, 6, 8), f(4, 6), f(4, 8, 6), f(4, 8)], constant=(2, 3, 4, 5), k=2, activation_type=kind, normalize_routing_weights=1)
    case("moe_swiglu", "MoE", [tokens, router, f(4, 12, 8), f(4, 12), f(4, 8, 6), f(4, 8)], constant=(2, 3, 4, 5), k=2, activation_type="swiglu", swiglu_fusion=1,
         activation_alpha=1.7, activation_beta=1.0, swiglu_limit=0.5, normalize_routing_weights=0)
    for bits in (4, 8):
        case(f"qmoe_{bits}", "QMoE", [tokens, router, u8(4, 6, bits), f(4, 6, low=0.01, high=0.05), f(4, 6), u8(4, 8, 6 * bits // 8), f(4, 8, low=0.01, high=0.05), f(4, 8)],
             constant=(2, 3, 4, 5, 6, 7), k=2, activation_type="silu", normalize_routing_weights=1, expert_weight_bits=bits)
