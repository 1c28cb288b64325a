#!/usr/bin/python3
"""Export the benchmark models: real architectures with seeded random weights.

needs:  apt-get install python3-torch python3-torchvision python3-onnx
usage:  export_models.py OUT_DIR [NAME ...]      (no NAME: all of them)
        export_models.py --list

Each model is written as OUT_DIR/NAME.onnx (opset 17; the batch, sequence or
past length is a symbolic dimension where a user would leave it open).  The
weights depend on NAME alone, so two machines with the same packages write the
same model.
"""
import sys, os, zlib, warnings, math
import torch, torch.nn as nn, torch.nn.functional as F
import torchvision.models as tv

warnings.filterwarnings("ignore")
IMG = (1, 3, 224, 224)


class Encoder(nn.Module):
    """A BERT-shaped encoder: token and position embeddings, post-norm blocks."""
    def __init__(s, layers, width, heads, vocab=30522, positions=512):
        super().__init__()
        s.tok, s.pos = nn.Embedding(vocab, width), nn.Embedding(positions, width)
        s.norm, s.heads = nn.LayerNorm(width), heads
        s.blocks = nn.ModuleList([nn.ModuleDict(dict(
            q=nn.Linear(width, width), k=nn.Linear(width, width), v=nn.Linear(width, width),
            o=nn.Linear(width, width), n1=nn.LayerNorm(width), up=nn.Linear(width, 4 * width),
            down=nn.Linear(4 * width, width), n2=nn.LayerNorm(width))) for _ in range(layers)])

    def forward(s, input_ids, attention_mask):
        b, t = input_ids.shape
        x = s.norm(s.tok(input_ids) + s.pos(torch.arange(t)[None]))
        bias = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * -1e9
        for k in s.blocks:
            split = lambda y: y.reshape(b, t, s.heads, -1).transpose(1, 2)
            q, key, v = split(k["q"](x)), split(k["k"](x)), split(k["v"](x))
            a = torch.softmax(q @ key.transpose(-1, -2) / math.sqrt(q.shape[-1]) + bias, -1) @ v
            x = k["n1"](x + k["o"](a.transpose(1, 2).reshape(b, t, -1)))
            x = k["n2"](x + k["down"](F.gelu(k["up"](x))))
        return x


class Decoder(nn.Module):
    """A Llama-shaped decoder step with a key/value cache: RMSNorm, rotary, SwiGLU."""
    def __init__(s, layers, width, heads, kv_heads, ffn, vocab):
        super().__init__()
        s.h, s.kv, s.d = heads, kv_heads, width // heads
        s.tok, s.head = nn.Embedding(vocab, width), nn.Linear(width, vocab, bias=False)
        L = lambda i, o: nn.Linear(i, o, bias=False)
        s.blocks = nn.ModuleList([nn.ModuleDict(dict(
            q=L(width, heads * s.d), k=L(width, kv_heads * s.d), v=L(width, kv_heads * s.d),
            o=L(heads * s.d, width), g=L(width, ffn), u=L(width, ffn), dn=L(ffn, width)))
            for _ in range(layers)])
        s.n = nn.ParameterList([nn.Parameter(torch.ones(width)) for _ in range(2 * layers + 1)])
        s.register_buffer("freq", 1.0 / 10000 ** (torch.arange(0, s.d, 2).float() / s.d))

    def norm(s, x, w):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * w

    def rope(s, x, cos, sin):
        a, b = x[..., : s.d // 2], x[..., s.d // 2:]
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

    def forward(s, input_ids, past):          # past: [layers, 2, batch, kv_heads, past_len, d]
        b, t = input_ids.shape
        p = past.shape[4]
        x = s.tok(input_ids)
        ang = torch.arange(p, p + t)[:, None].float() * s.freq[None]
        cos, sin = ang.cos(), ang.sin()
        row, col = torch.arange(p, p + t)[:, None], torch.arange(p + t)[None]
        bias = (col > row).to(x.dtype) * -1e9
        out = []
        for i, k in enumerate(s.blocks):
            y = s.norm(x, s.n[2 * i])
            split = lambda z, h: z.reshape(b, t, h, s.d).transpose(1, 2)
            q = s.rope(split(k["q"](y), s.h), cos, sin)
            key = torch.cat([past[i, 0], s.rope(split(k["k"](y), s.kv), cos, sin)], 2)
            v = torch.cat([past[i, 1], split(k["v"](y), s.kv)], 2)
            out.append(torch.stack([key, v]))
            if s.h != s.kv:               # grouped-query attention: each key head serves several query heads
                wide = lambda z: z[:, :, None].expand(b, s.kv, s.h // s.kv, z.shape[2], s.d).reshape(b, s.h, z.shape[2], s.d)
                key, v = wide(key), wide(v)
            a = torch.softmax(q @ key.transpose(-1, -2) / math.sqrt(s.d) + bias, -1) @ v
            x = x + k["o"](a.transpose(1, 2).reshape(b, t, -1))
            y = s.norm(x, s.n[2 * i + 1])
            x = x + k["dn"](F.silu(k["g"](y)) * k["u"](y))
        return s.head(s.norm(x, s.n[-1])[:, -1]), torch.stack(out)


class Recurrent(nn.Module):
    def __init__(s, kind, inp, hid, layers, bi=False):
        super().__init__()
        s.rnn, s.out = kind(inp, hid, layers, bidirectional=bi), nn.Linear(hid * (2 if bi else 1), 29)

    def forward(s, x):
        return torch.log_softmax(s.out(s.rnn(x)[0]), -1)


class UNet(nn.Module):
    def __init__(s, w=32):
        super().__init__()
        c = lambda i, o: nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(),
                                       nn.Conv2d(o, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU())
        ch = [w, 2 * w, 4 * w, 8 * w]
        s.down = nn.ModuleList([c(i, o) for i, o in zip([3] + ch[:-1], ch)])
        s.up = nn.ModuleList([nn.ConvTranspose2d(o, i, 2, 2) for i, o in zip(ch[:-1], ch[1:])])
        s.mix = nn.ModuleList([c(2 * i, i) for i in ch[:-1]])
        s.last = nn.Conv2d(w, 1, 1)

    def forward(s, x):
        skip = []
        for i, d in enumerate(s.down):
            x = d(x if i == 0 else F.max_pool2d(x, 2))
            skip.append(x)
        for i in reversed(range(len(s.up))):
            x = s.mix[i](torch.cat([s.up[i](x), skip[i]], 1))
        return torch.sigmoid(s.last(x))


class Wave(nn.Module):
    """Dilated 1-D convolutions over audio, gated, with residual and skip sums."""
    def __init__(s, ch=64, layers=10):
        super().__init__()
        s.i = nn.Conv1d(1, ch, 1)
        s.g = nn.ModuleList([nn.Conv1d(ch, 2 * ch, 3, dilation=2 ** (k % 8), padding=2 ** (k % 8)) for k in range(layers)])
        s.r = nn.ModuleList([nn.Conv1d(ch, ch, 1) for _ in range(layers)])
        s.o = nn.Conv1d(ch, 1, 1)

    def forward(s, x):
        x, skip = s.i(x), 0
        for g, r in zip(s.g, s.r):
            a, b = g(x).chunk(2, 1)
            y = r(torch.tanh(a) * torch.sigmoid(b))
            x, skip = x + y, skip + y
        return s.o(F.relu(skip))


class SuperRes(nn.Module):
    def __init__(s):
        super().__init__()
        s.c = nn.Sequential(nn.Conv2d(1, 64, 5, padding=2), nn.ReLU(), nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(),
                            nn.Conv2d(64, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 9, 3, padding=1), nn.PixelShuffle(3))

    def forward(s, x):
        return s.c(x)


def mlp(*w):
    return nn.Sequential(*[m for i, o in zip(w, w[1:]) for m in (nn.Linear(i, o), nn.ReLU())][:-1])


ids = lambda b, t: torch.randint(0, 1000, (b, t))
image = lambda f: (lambda: (f(weights=None), (torch.rand(IMG),), ["image"], {"image": {0: "batch"}}))
def decoder(past, t, layers, width, heads, kv, ffn, vocab):
    def make():
        d = width // heads
        return (Decoder(layers, width, heads, kv, ffn, vocab), (ids(1, t), torch.randn(layers, 2, 1, kv, past, d)),
                ["input_ids", "past"], {"input_ids": {1: "tokens"}, "past": {4: "past_len"}})
    return make
def encoder(layers, width, heads, t=128):
    return lambda: (Encoder(layers, width, heads), (ids(1, t), torch.ones(1, t, dtype=torch.int64)),
                    ["input_ids", "attention_mask"],
                    {"input_ids": {0: "batch", 1: "tokens"}, "attention_mask": {0: "batch", 1: "tokens"}})

MODELS = {
    # vision classifiers
    **{n: image(getattr(tv, n)) for n in (
        "alexnet", "vgg16", "resnet18", "resnet50", "squeezenet1_1", "densenet121", "mobilenet_v2",
        "mobilenet_v3_small", "shufflenet_v2_x1_0", "mnasnet1_0", "efficientnet_b0", "regnet_y_400mf",
        "convnext_tiny", "vit_b_16", "swin_t")},
    # dense prediction, super resolution
    "unet": lambda: (UNet(), (torch.rand(1, 3, 256, 256),), ["image"], {"image": {0: "batch"}}),
    "superres": lambda: (SuperRes(), (torch.rand(1, 1, 224, 224),), ["luma"], {"luma": {0: "batch"}}),
    "lraspp_mobilenet": lambda: (tv.segmentation.lraspp_mobilenet_v3_large(weights=None, weights_backbone=None),
                                 (torch.rand(1, 3, 320, 320),), ["image"], {}),
    "ssdlite_mobilenet": lambda: (tv.detection.ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None),
                                  ([torch.rand(3, 320, 320)],), ["image"], {}),
    # language
    "bert_base": encoder(12, 768, 12), "minilm": encoder(6, 384, 12), "tinybert": encoder(4, 312, 12),
    "llama_110m_prefill": decoder(0, 64, 12, 768, 12, 12, 2048, 32000),
    "llama_110m_decode": decoder(128, 1, 12, 768, 12, 12, 2048, 32000),
    "llama_15m_decode": decoder(64, 1, 6, 288, 6, 6, 768, 32000),
    "llama_gqa_decode": decoder(256, 1, 8, 512, 8, 2, 1408, 16000),
    # audio and sequence
    "lstm": lambda: (Recurrent(nn.LSTM, 80, 512, 2), (torch.randn(100, 1, 80),), ["frames"], {"frames": {0: "time"}}),
    "gru_bi": lambda: (Recurrent(nn.GRU, 80, 256, 2, True), (torch.randn(100, 1, 80),), ["frames"], {"frames": {0: "time"}}),
    "wave": lambda: (Wave(), (torch.randn(1, 1, 8000),), ["wave"], {"wave": {2: "samples"}}),
    # small: where a run's fixed cost is the whole cost
    "mlp_mnist": lambda: (mlp(784, 512, 256, 10), (torch.rand(1, 784),), ["x"], {"x": {0: "batch"}}),
    "mlp_policy": lambda: (mlp(24, 64, 64, 4), (torch.rand(1, 24),), ["x"], {"x": {0: "batch"}}),
}


def main():
    if len(sys.argv) < 2 or sys.argv[1] == "--list":
        print("\n".join(MODELS)); return
    out, names = sys.argv[1], sys.argv[2:] or list(MODELS)
    unknown = [name for name in names if name not in MODELS]
    if unknown:
        sys.exit(f"export_models: no model is called {', '.join(unknown)}; expected names out of: {', '.join(MODELS)}")
    os.makedirs(out, exist_ok=True)
    for name in names:
        torch.manual_seed(zlib.crc32(name.encode()))
        model, args, inputs, axes = MODELS[name]()
        model.eval()
        for m in model.modules():               # non-trivial normalisation statistics
            if isinstance(m, nn.BatchNorm2d):
                m.running_mean.normal_(0, 0.1); m.running_var.uniform_(0.5, 1.5)
            if isinstance(m, nn.Linear) and not m.weight.any():     # ViT's head starts as zeros: a result that any error keeps
                m.weight.data.normal_(0, 0.02)
        path = os.path.join(out, name + ".onnx")
        try:
            torch.onnx.export(model, args, path, input_names=inputs, dynamic_axes=axes, opset_version=17)
            print(f"{name}: {os.path.getsize(path) / 1e6:.1f} MB", flush=True)
        except Exception as e:                   # report and go on: one failure must not hide the rest
            print(f"{name}: FAILED {type(e).__name__}: {str(e)[:200]}", flush=True)


if __name__ == "__main__":
    main()
