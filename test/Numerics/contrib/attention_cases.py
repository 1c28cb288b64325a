"""Attentions of com.microsoft and their neighbours."""
import numpy as np

from nodes import F16, F32, case, f, i32, i64, random


def tables(length, size):
    angles = np.outer(np.arange(length), 1 / 10 ** np.linspace(0, 1, size // 2))
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def attend(q, k, v, heads):
    split = lambda x: x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)
    q, k, v = map(split, (q, k, v))
    e = np.exp(q @ k.transpose(0, 1, 3, 2) / np.sqrt(q.shape[-1]))
    y = (e / e.sum(-1, keepdims=True)) @ v
    return y.transpose(0, 2, 1, 3).reshape(y.shape[0], y.shape[2], -1).astype(np.float32)


def add():
    b, s, n, h = 2, 3, 2, 4
    d = n * h
    x, w, bias = f(b, s, 6), f(6, 3 * d), f(3 * d)
    at = lambda name, inputs, outputs=1, **more: case("attention_" + name, "Attention", inputs, outputs, num_heads=n, **more)
    at("plain", [x, w, bias])
    at("causal", [x, w, bias], unidirectional=1)
    at("lengths", [x, w, bias, i32(2, 3)])
    at("ends_and_starts", [x, w, bias, i32(3, 2, 1, 0)])
    at("mask_2d", [x, w, bias, np.array([[1, 1, 0], [0, 1, 1]], np.int32)])
    at("mask_3d", [x, w, bias, random.integers(0, 2, (b, s, s)).astype(np.int32)])
    at("filter", [x, w, bias, np.array([[1, 1, 0], [0, 1, 1]], np.int32)], mask_filter_value=-3.0)
    at("bias_of_scores", [x, w, bias, None, None, f(1, n, s, s)])
    at("past", [x, w, bias, np.array([[1, 1, 0, 1, 1], [0, 1, 1, 1, 0]], np.int32), f(2, b, n, 2, h)], 2)
    at("past_causal", [x, w, bias, None, f(2, b, n, 2, h)], 2, unidirectional=1)
    at("sizes", [x, f(6, 2 * d + 6), f(2 * d + 6)], qkv_hidden_sizes=[d, d, 6], scale=0.3)

    t = 5
    q, k, v, pb = f(b, s, d), f(b, t, d), f(b, t, d), f(3 * d)
    mha = lambda name, inputs, outputs=1, **more: case("mha_" + name, "MultiHeadAttention", inputs, outputs, num_heads=n, **more)
    mha("plain", [q, k, v])
    mha("bias", [q, k, v, pb])
    mha("wide_values", [q, k, f(b, t, 6)])
    mha("lengths", [q, k, v, None, i32(4, 5)])
    mha("mask_2d", [q, k, v, pb, random.integers(0, 2, (b, t)).astype(np.int32) | np.array([1, 0, 0, 0, 0], np.int32)])
    mha("scores_bias", [q, k, v, None, None, f(b, n, s, t)], scale=0.4)
    mha("cross_with_heads", [q, f(b, n, t, h), f(b, n, t, h)])
    keys, packed = f(b, t, n, 2, h), f(b, s, n, 3, h)
    mha("packed_keys", [q, keys], expected=[attend(q, keys[:, :, :, 0].reshape(b, t, d), keys[:, :, :, 1].reshape(b, t, d), n)])
    mha("packed_all", [packed], expected=[attend(*(packed[:, :, :, i].reshape(b, s, d) for i in range(3)), n)])
    mha("past", [q, f(b, s, d), f(b, s, d), None, None, None, f(b, n, 2, h), f(b, n, 2, h)], 3, unidirectional=1)
    case("decoder_mha_buffer", "DecoderMaskedMultiHeadAttention",
         [f(b, 1, d), f(b, 1, d), f(b, 1, d), None, None, f(b, n, 6, h), f(b, n, 6, h), i32(3)], 3, num_heads=n, past_present_share_buffer=1)

    hq, hk = 4, 2
    size = 16
    cos, sin = tables(16, size)
    gqa = lambda name, inputs, **more: case("gqa_" + name, "GroupQueryAttention", inputs, 3, num_heads=hq, kv_num_heads=hk, types=[F32] * 3, **more)
    prompt = [f(1, s, hq * size), f(1, s, hk * size), f(1, s, hk * size), None, None, i32(s - 1), np.array(s, np.int32)]
    gqa("prompt", prompt)
    gqa("packed", [f(1, s, (hq + 2 * hk) * size), None, None, None, None, i32(s - 1), np.array(s, np.int32)])
    gqa("rotary", prompt + [cos, sin], do_rotary=1)
    gqa("rotary_interleaved", prompt + [cos, sin], do_rotary=1, rotary_interleaved=1)
    gqa("rotary_part", prompt + [cos[:, :2], sin[:, :2]], do_rotary=1)
    gqa("window", prompt, local_window_size=2)
    gqa("softcap", prompt, softcap=0.5, scale=1.5)
    gqa("smooth", prompt, smooth_softmax=1)
    gqa("sink", prompt + [None] * 4 + [f(hq)], local_window_size=2)
    gqa("bias", prompt + [None] * 3 + [f(1, hq, s, s)])
    step = lambda past, total, lengths: [f(2, 1, hq * size), f(2, 1, hk * size), f(2, 1, hk * size), f(2, hk, past, size), f(2, hk, past, size), lengths, np.array(total, np.int32)]
    gqa("step", step(3, 4, i32(3, 3)))
    gqa("step_rotary_window", step(5, 6, i32(5, 5)) + [cos, sin], do_rotary=1, local_window_size=3)
    buffered = step(8, 5, i32(4, 4))
    for past in buffered[3:5]:
        past[:, :, 4:] = 0
    gqa("step_in_buffer", buffered + [cos, sin], do_rotary=1)
    gqa("several_tokens", [f(1, 2, hq * size), f(1, 2, hk * size), f(1, 2, hk * size), f(1, hk, 3, size), f(1, hk, 3, size), i32(4), np.array(5, np.int32)])

    tokens, w, bias = f(5, 6), f(6, 3 * d), f(3 * d)
    joined = tokens @ w + bias
    separate = [attend(*(part[None, begin:end] for part in np.split(joined, 3, 1)), n)[0] for begin, end in ((0, 2), (2, 5))]
    case("packed_attention", "PackedAttention", [tokens, w, bias, i32(0, 1, 2, 3, 4, 5).reshape(2, 3), i32(0, 2, 5)], num_heads=n, expected=[np.concatenate(separate)])

    rot = lambda name, inputs, **more: case("rotary_" + name, "RotaryEmbedding", inputs, **more)
    cos4, sin4 = tables(8, 4)
    rot("offset", [f(b, s, d), i64(2), cos4, sin4])
    rot("positions", [f(b, s, d), i64(0, 1, 2, 3, 4, 5).reshape(2, 3), cos4, sin4], interleaved=1)
    rot("heads", [f(b, n, s, h), i64(0), cos4, sin4])
    rot("part", [f(b, s, d), i64(0, 1, 2, 3, 4, 5).reshape(2, 3), cos4[:, :1], sin4[:, :1]], num_heads=n, rotary_embedding_dim=2)
