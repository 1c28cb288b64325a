"""Further modes of operators that have several."""
import numpy as np

from nodes import F16, F32, I8, I32, ML, U8, case, f, four_bits, i32, i64, random, scalar, u8

# What ONNX Runtime's package for other languages gives for strings, which the peer here does not pass.
WORDS = ["Hello World! ", "a,b c,,d", "", "héé x"]


def texts(rows, pad):
    longest = max(map(len, rows))
    return np.array([list(r) + [pad] * (longest - len(r)) for r in rows], object)


def add_tokenizer():
    token = lambda name, x, expected, **more: case("tokenizer_" + name, "Tokenizer", [np.array(x, object)], types=[8], expected=[expected], **more)
    words = [["Hello", "World!"], ["a,b", "c,,d"], [], ["héé", "x"]]
    token("separator", WORDS, texts(words, "#"), mark=0, pad_value="#", separators=[" "], mincharnum=1)
    marked = [["\x02", *row, "\x03"] for row in (["Hello", "World!"], ["a", "b", "c", "d"], [], ["héé", "x"])]
    token("several_separators", np.array(WORDS, object).reshape(2, 2), texts(marked, "#").reshape(2, 2, 6), mark=1, pad_value="#", separators=[" ", ","], mincharnum=1)
    token("shortest", WORDS, texts([["Hello", "World!"], [], [], ["héé"]], "#"), mark=0, pad_value="#", separators=[",| "], mincharnum=2)
    token("characters", WORDS, texts([["\x02", *w, "\x03"] for w in WORDS], "~"), mark=1, pad_value="~", separators=[""], mincharnum=1)
    token("any_character", WORDS, texts(list(map(list, WORDS)), "~"), mark=0, pad_value="~", tokenexp=".", mincharnum=1)
    token("expression", WORDS, texts([["\x02", *r, "\x03"] for r in (["ello", "orld"], ["a", "b", "c", "d"], [], ["h", "x"])], "~"), mark=1, pad_value="~",
          tokenexp="[a-z]+", mincharnum=1)
    token("longest_separator", ["abcab", "ab"], texts([["a", "a"], ["a"]], "~"), mark=0, pad_value="~", separators=["b|bc"], mincharnum=1)
    token("no_tokens", ["", "ab"], np.zeros((2, 0), object), mark=1, pad_value="~", tokenexp="x", mincharnum=1)
    case("murmur_strings", "MurmurHash3", [np.array(["abc", "é"], object)], types=[I32], expected=[i32(-797352931, 1346868565)], seed=5, positive=0)


def add_maps():
    numbers, words = {7: 1.5, 1: -2.0, 3: 0.25}, {1: "7.5", 0: "-2"}
    of = lambda name, x, expected, **more: case("ml_cast_map_" + name, "CastMap", [x], domain=ML, types=[more.pop("type", F32)], expected=[expected], **more)
    of("dense", numbers, np.float32([[-2, 0.25, 1.5]]), map_form="DENSE")
    of("sparse", numbers, np.float32([[0, -2, 0, 0.25, 0]]), map_form="SPARSE", max_map=5)
    of("text_to_numbers", words, np.float32([[-2, 7.5]]))
    of("text_to_integers", {1: "7", 0: "-2"}, i64(-2, 7).reshape(1, 2), type=7, cast_to="TO_INT64")
    of("to_text", words, np.array([["-2", "7.5"]], object), type=8, cast_to="TO_STRING")
    to = lambda name, x, expected, type=F32, **more: case("ml_dict_vectorizer_" + name, "DictVectorizer", [x], domain=ML, types=[type], expected=[expected], **more)
    to("words", {"b": 2.5, "z": 9.0, "a": 1.0}, np.float32([[1.0, 0.0, 2.5]]), string_vocabulary=["a", "c", "b"])
    to("numbers", {10: 2.5, 30: 1.0}, np.float32([[0.0, 1.0, 2.5]]), int64_vocabulary=[20, 30, 10])
    to("counts", {"b": 2, "a": 1}, i64(1, 0, 2).reshape(1, 3), 7, string_vocabulary=["a", "c", "b"])


def attend_sparsely(packed, cache, rows, columns, lengths, cos, sin, heads, block):
    """One new token for each sequence, in blocks of keys; rotary in pairs."""
    keys, values = (c.copy() for c in cache)
    size, shared = keys.shape[3], heads // keys.shape[1]
    outputs = []
    for b, length in enumerate(lengths):
        at = length - 1
        q, k, v = np.split(packed[b, 0].reshape(-1, size), [heads, heads + keys.shape[1]])
        for x in (q, k):
            even, odd = x[:, ::2].copy(), x[:, 1::2].copy()
            x[:, ::2], x[:, 1::2] = even * cos[at] - odd * sin[at], even * sin[at] + odd * cos[at]
        keys[b, :, at], values[b, :, at] = k, v
        for h in range(heads):
            layout, row = h % len(rows), at // block
            seen = [i for i in range(length) if i // block in columns[layout, rows[layout, row]:rows[layout, row + 1]]]
            e = np.exp(keys[b, h // shared, seen] @ q[h] / np.sqrt(size))
            outputs.append(e / e.sum() @ values[b, h // shared, seen])
    return [np.array(outputs, np.float32).reshape(len(lengths), 1, -1), keys, values]


def add_attention():
    b, s, n, h = 2, 3, 2, 8
    d = n * h
    x, w, bias = f(b, s, 6), f(6, 3 * d), f(3 * d)
    at = lambda name, inputs, outputs=1, **more: case("attention_" + name, "Attention", inputs, outputs, num_heads=n, **more)
    at("present_only", [x, w, bias], 2)
    mha = lambda name, inputs, outputs=1, **more: case("mha_" + name, "MultiHeadAttention", inputs, outputs, num_heads=n, **more)
    q, k, v, pb = f(b, s, d), f(b, s, d), f(b, s, d), f(3 * d)
    past = [f(b, n, 2, h), f(b, n, 2, h)]
    mha("past_bias", [q, k, v, pb, None, None] + past, 3)
    mha("past_scores_bias", [q, k, v, None, None, f(1, n, s, s + 2)] + past, 3)
    mha("past_mask", [q, k, v, None, np.array([[1, 1, 0, 1, 1], [0, 1, 1, 1, 0]], np.int32), None] + past, 3)
    mha("present_only", [q, k, v], 3)
    mha("causal_bias", [q, k, v, pb], unidirectional=1)
    mha("mask_3d", [q, k, v, None, random.integers(0, 2, (b, s, s)).astype(np.int32) | np.eye(s, dtype=np.int32)], mask_filter_value=-1000.0)
    mha("cross_with_heads_bias", [q, f(b, n, 5, h), f(b, n, 5, h), pb])
    step = [f(b, 1, d), f(b, 1, d), f(b, 1, d)]
    dmmha = lambda name, inputs, outputs=3, **more: case("decoder_mha_" + name, "DecoderMaskedMultiHeadAttention", inputs, outputs, num_heads=n, **more)
    buffer = [f(b, n, 6, h), f(b, n, 6, h), i32(3)]
    dmmha("bias", step + [None, None] + buffer + [None, None, pb], past_present_share_buffer=1)
    dmmha("mask", step + [np.array([[1, 1, 0, 1], [0, 1, 1, 1]], np.int32), None] + buffer, past_present_share_buffer=1)
    dmmha("scores_bias", step + [None, f(1, n, 1, 4)] + buffer, past_present_share_buffer=1, scale=0.3)
    dmmha("cross", [f(b, 1, d), f(b, n, 5, h), f(b, n, 5, h)], 1)

    hq, hk, size = 4, 2, 16
    angles = np.outer(np.arange(32), 1 / 10 ** np.linspace(0, 1, size // 2))
    cos, sin = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
    gqa = lambda name, inputs, **more: case("gqa_" + name, "GroupQueryAttention", inputs, 3, num_heads=hq, kv_num_heads=hk, types=[F32] * 3, **more)
    packed = [f(2, 1, (hq + 2 * hk) * size), None, None, f(2, hk, 4, size), f(2, hk, 4, size), i32(4, 4), scalar(5, np.int32)]
    gqa("packed_rotary", packed + [cos, sin], do_rotary=1)
    gqa("packed_rotary_smooth_window", packed + [cos, sin], do_rotary=1, smooth_softmax=1, local_window_size=3)
    gqa("positions", packed + [cos, sin, i64(9, 2).reshape(2, 1)], do_rotary=1)
    gqa("step_softcap_window", packed, softcap=0.7, local_window_size=2)
    gqa("step_sink", packed + [None] * 4 + [f(hq)])
    gqa("step_bias", packed + [None] * 3 + [f(1, 1, 1, 5)])

    # Two layouts in turn, the first with an entry of padding. ONNX Runtime wants the cache to be one buffer as input and as output, which the peer
    # does not do: the results of the prompts are from its package for JavaScript.
    rows, columns = i32(0, 1, 3, 5, 8, 0, 1, 3, 6, 9).reshape(2, 5), i32(0, 0, 1, 1, 2, 1, 2, 3, -1, 0, 0, 1, 0, 1, 2, 0, 2, 3).reshape(2, 9)
    cos64, sin64 = (np.concatenate([t, t]) for t in (cos, sin))
    sparse = lambda name, inputs, **more: case("sparse_attention_" + name, "SparseAttention", inputs, 3, num_heads=hq, kv_num_heads=hk, types=[F32] * 3, sparse_block_size=16, **more)
    zeros = lambda batch: [np.zeros((batch, hk, 64, size), np.float32), np.zeros((batch, hk, 64, size), np.float32)]
    length = 56
    prompt = [f(1, length, hq * size), f(1, length, hk * size), f(1, length, hk * size)] + zeros(1) + [rows, columns, scalar(length, np.int32), i32(length)]
    sparse("prompt", prompt)
    sparse("prompt_rotary", prompt + [cos64, sin64], do_rotary=1, scale=0.3)
    cache = zeros(2)
    for c in cache:
        c[:, :, :40] = f(2, hk, 40, size)
    token = f(2, 1, (hq + 2 * hk) * size)
    expected = attend_sparsely(token.copy(), cache, rows, columns, [41, 36], cos64, sin64, hq, 16)
    sparse("step", [token, None, None] + cache + [rows, columns, scalar(41, np.int32), i32(41, 36), cos64, sin64], do_rotary=1, rotary_interleaved=1, expected=expected)


def add_quantised():
    s8 = lambda *shape, low=-128, high=128: random.integers(low, high, shape).astype(np.int8)
    a, b = s8(2, 3), s8(3)
    sa, za, sb, zb, sc, zc = scalar(0.02), scalar(-12, np.int8), scalar(0.03), scalar(10, np.int8), scalar(0.05), scalar(-1, np.int8)
    q = lambda name, op, inputs, **more: case("qlinear_signed_" + name, op, inputs, types=[I8], **more)
    q("add", "QLinearAdd", [a, sa, za, b, sb, zb, sc, zc])
    q("mul", "QLinearMul", [a, sa, za, b, sb, zb, sc, zc])
    q("sigmoid", "QLinearSigmoid", [a, sa, za, scalar(1 / 256), scalar(-128, np.int8)], constant=(1, 2, 3, 4))
    q("leaky_relu", "QLinearLeakyRelu", [a, sa, za, sc, zc], constant=(1, 2, 3, 4), alpha=0.2)
    q("average_pool", "QLinearAveragePool", [s8(1, 2, 4, 4), sa, za, scalar(0.0517), zc], kernel_shape=[2, 2], auto_pad="SAME_UPPER", count_include_pad=1)
    q("global_average_pool", "QLinearGlobalAveragePool", [s8(1, 2, 4, 4), sa, za, sc, zc])
    q("concat", "QLinearConcat", [sc, zc, a, sa, za, s8(2, 2), sb, zb], constant=(0, 1, 3, 4, 6, 7), axis=1)
    q("softmax", "QLinearSoftmax", [a, sa, za, scalar(1 / 256), scalar(-128, np.int8)], constant=(1, 2, 3, 4), axis=-1, opset=13)
    q("where", "QLinearWhere", [np.array([True, False, True]), a, sa, za, b, sb, zb, sc, zc], constant=(2, 3, 5, 6, 7, 8))
    picture, su, zu, st, zt = u8(1, 2, 3, 4), scalar(0.02), scalar(120, np.uint8), scalar(0.05), scalar(100, np.uint8)
    mean = (picture.astype(np.float32) - 120).mean(axis=(2, 3), keepdims=True) * 0.02 / 0.05
    case("qlinear_reduce_mean", "QLinearReduceMean", [picture, su, zu, st, zt], types=[U8], axes=[2, 3], keepdims=1,
         expected=[np.clip(np.rint(mean) + 100, 0, 255).astype(np.uint8)])
    x, n, h = f(2, 3, 4), 2, 3
    lstm = lambda d: [s8(d, 4, 4 * h, low=-60, high=60), s8(d, h, 4 * h, low=-60, high=60), f(d, 8 * h)]
    scales = lambda d: [f(d, low=0.01, high=0.02), np.zeros(d, np.int8), f(d, low=0.01, high=0.02), np.zeros(d, np.int8)]
    dq = lambda name, d, extra, scale, **more: case("dynamic_quantize_lstm_" + name, "DynamicQuantizeLSTM", [x] + lstm(d) + extra + scale, 3, types=[F32] * 3,
                                                    constant=(1, 2, 3, 8, 9, 10, 11), hidden_size=h, tolerance=(0.0, 0.02), **more)
    dq("forward", 1, [None] * 4, scales(1))
    dq("reverse", 1, [i32(2, 1, 2), f(1, 3, h), f(1, 3, h), None], scales(1), direction="reverse")
    dq("both_ways", 2, [None] * 4, scales(2), direction="bidirectional")
    by_channel = [f(1, 4 * h, low=0.01, high=0.02), np.zeros((1, 4 * h), np.int8), f(1, 4 * h, low=0.01, high=0.02), np.zeros((1, 4 * h), np.int8)]
    dq("by_channel", 1, [None] * 4, by_channel)
    weights = s8(6, 48, low=-50, high=50)
    case("qattention_past", "QAttention", [u8(2, 3, 6), weights, f(48), su, f(48, low=0.005, high=0.01), None, zu, s8(48, low=-5, high=5), f(2, 2, 2, 2, 8)], 2,
         constant=(1, 2, 3, 4, 6, 7), num_heads=2, unidirectional=1, types=[F32, F32])


def add_blocks():
    rows = f(2, 32)
    for bits, k in ((2, 64), (4, 32)):
        n, blocks = 6, k // 16
        case(f"matmul_nbits_{bits}_float_zeros", "MatMulNBits", [f(3, k), u8(n, blocks, 2 * bits), f(n * blocks, low=0.01, high=0.05), f(n * blocks, low=1, high=3)],
             constant=(1, 2, 3), K=k, N=n, bits=bits, block_size=16)
    case("matmul_nbits_4_half", "MatMulNBits", [f(3, 32, dtype=np.float16), u8(6, 2, 8), f(12, low=0.01, high=0.05, dtype=np.float16)], constant=(1, 2), types=[F16], K=32, N=6,
         bits=4, block_size=16)
    # Some versions of ONNX Runtime take the groups of a block's first eight weights for all of them.
    packed, scales, zeros, groups = u8(6, 2, 8), f(6, 2, low=0.01, high=0.05), u8(6), random.permutation(32).astype(np.int32) // 16
    halves = lambda bytes: np.stack([bytes & 15, bytes >> 4], -1).reshape(6, -1).astype(np.float32)
    weights = (halves(packed) - halves(zeros)[:, groups]) * scales[:, groups]
    case("matmul_nbits_groups_zeros", "MatMulNBits", [rows, packed, scales.reshape(-1), zeros, groups], constant=(1, 2, 3, 4), K=32, N=6, bits=4, block_size=16,
         expected=[rows @ weights.T])
    gather = lambda name, inputs, **more: case("gather_block_quantized_" + name, "GatherBlockQuantized", inputs, constant=tuple(i for i in (0, 2, 3) if i < len(inputs)),
                                               block_size=16, **more)
    indices = i64(3, -1, 0).reshape(3, 1)
    gather("int4", [four_bits(True, 5, 20), indices, f(5, 2, low=0.01, high=0.05), four_bits(True, 5, 2)], gather_axis=0, quantize_axis=1)
    gather("uint4_last", [four_bits(False, 20, 3, 5), indices, f(2, 3, 5, low=0.01, high=0.05), four_bits(False, 2, 3, 5)], gather_axis=2, quantize_axis=0)
    gather("uint4_first", [four_bits(False, 5, 3, 20), indices, f(5, 3, 2, low=0.01, high=0.05)], gather_axis=0, quantize_axis=-1)
    gather("int4_middle", [four_bits(True, 2, 5, 20), i64(4, 1), f(2, 5, 2, low=0.01, high=0.05)], gather_axis=1, quantize_axis=2)
    gather("by_columns", [u8(5, 16), i64(3, 0), f(5, 2, low=0.01, high=0.05), u8(5, 1)], bits=4, gather_axis=0, quantize_axis=-1)

    tokens, router = f(5, 16), f(5, 4)
    small = lambda *shape: f(*shape, low=0.01, high=0.05)
    moe = lambda name, inputs, **more: case("moe_" + name, "MoE", inputs, constant=tuple(i for i in range(2, len(inputs)) if inputs[i] is not None), **more)
    moe("one_without_bias", [tokens, router, f(4, 6, 16), None, f(4, 16, 6)], k=1, activation_type="relu")
    moe("batch", [tokens.reshape(1, 5, 16), router, f(4, 6, 16), None, f(4, 16, 6), f(4, 16)], k=2, activation_type="silu", normalize_routing_weights=1)
    qmoe = lambda name, inputs, bits=4, **more: case("qmoe_" + name, "QMoE", inputs, constant=tuple(i for i in range(2, 14) if i < len(inputs) and inputs[i] is not None), k=2,
                                                     expert_weight_bits=bits, normalize_routing_weights=1, **more)
    swiglu = dict(activation_type="swiglu", swiglu_fusion=1, activation_alpha=1.7, activation_beta=1.0, swiglu_limit=2.0)
    qmoe("swiglu", [tokens, router, u8(4, 32, 8), small(4, 32), f(4, 32), u8(4, 16, 8), small(4, 16), f(4, 16)], **swiglu)
    qmoe("blocks", [f(5, 32), router, u8(4, 64, 16), small(4, 64, 2), None, u8(4, 32, 16), small(4, 32, 2)], block_size=16, **swiglu)
    qmoe("two_bits", [tokens, router, u8(4, 32, 4), small(4, 32), f(4, 32), u8(4, 16, 4), small(4, 16), f(4, 16)], bits=2, **swiglu)
    qmoe("zeros", [tokens, router, u8(4, 32, 16), small(4, 32), None, u8(4, 16, 16), small(4, 16), None, None, None, None, u8(4, 32), u8(4, 16)], bits=8, **swiglu)
    qmoe("blocks_zeros", [f(5, 32), router, u8(4, 64, 16), small(4, 64, 2), None, u8(4, 32, 16), small(4, 32, 2), None, None, None, None, u8(4, 64, 1), u8(4, 32, 1)],
         block_size=16, **swiglu)
    qmoe("router_weights", [tokens, router, u8(4, 32, 8), small(4, 32), None, u8(4, 16, 8), small(4, 16)] + [None] * 7 + [f(5, 4, low=0.1)], **swiglu)


def add_others():
    x, w, bias = f(1, 5, 5, 2), f(3, 2, 3, 3), f(3)
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    conv = sum(padded[:, i:i + 5, j:j + 5] @ w[:, :, i, j].T for i in range(3) for j in range(3)) + bias
    case("nhwc_conv", "NhwcConv", [x, w, bias], pads=[1, 1, 1, 1], expected=[conv.astype(np.float32)])
    case("simplified_layer_norm", "SimplifiedLayerNormalization", [f(2, 3, 4), f(4)], domain="", epsilon=1e-5, axis=-1)
    case("skip_layer_norm_sum", "SkipLayerNormalization", [f(2, 3, 4), f(3, 4), f(4), None, f(4)], 4, outputs_absent=(1, 2), epsilon=1e-5)
    case("skip_simplified_layer_norm_sum", "SkipSimplifiedLayerNormalization", [f(2, 3, 4), f(2, 3, 4), f(4), f(4)], 4, outputs_absent=(1, 2), epsilon=1e-5)
    embed = [i32(1, 2, 3, 4, 0, 1).reshape(2, 3), i32(0, 1, 0, 1, 1, 0).reshape(2, 3), f(5, 4), f(4, 4), f(2, 4), f(4), f(4)]
    case("embed_layer_norm_positions", "EmbedLayerNormalization", embed + [i32(1, 1, 0, 1, 1, 1).reshape(2, 3), i32(2, 0, 1, 3, 1, 2).reshape(2, 3)], 3, types=[F32, I32, F32],
         epsilon=1e-5, mask_index_type=0)
    x = f(2, 3, 4)
    bias = f(1, 3, 4)
    e = np.exp(x + bias)
    case("bias_softmax_outer", "BiasSoftmax", [x, bias], axis=2, is_inner_broadcast=0, expected=[(e / e.sum(-1, keepdims=True)).astype(np.float32)])
    case("trilu_upper", "Trilu", [f(2, 3, 4)], upper=1)
    case("trilu_integers", "Trilu", [random.integers(0, 9, (3, 3)).astype(np.int64), scalar(-1, np.int64)], types=[7])
    case("pad_edge", "Pad", [f(2, 3), i64(0, 1, 1, 2)], mode="edge")
    case("pad_reflect", "Pad", [f(2, 3), i64(0, 1, 1, 2)], mode="reflect")
    case("grid_sample_reflection", "GridSample", [f(1, 2, 4, 4), f(1, 3, 3, 2, low=-1.5, high=1.5)], mode="bilinear", padding_mode="reflection", align_corners=1)
    case("range_integers", "Range", [scalar(9, np.int64), scalar(1, np.int64), scalar(-3, np.int64)], types=[7])
    case("unique_integers", "Unique", [i64(7, 7, -1, 3, 7)], 3, types=[7, 7, 7], expected=[i64(7, -1, 3), i64(0, 0, 1, 2, 0), i64(3, 1, 1)])
    case("murmur_doubles", "MurmurHash3", [f(3, dtype=np.float64)], types=[12], positive=1)
    case("quick_gelu_default", "QuickGelu", [f(2, 3)])
    case("fast_gelu_no_bias", "FastGelu", [f(2, 3)])
    case("fused_gemm_tanh", "FusedGemm", [f(3, 2), f(3, 4), f(4)], activation="Tanh", transA=1, beta=0.5)


def add():
    add_tokenizer()
    add_maps()
    add_attention()
    add_quantised()
    add_blocks()
    add_others()
