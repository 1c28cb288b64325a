"""What bench.py measured, as text and as a picture."""
import html
import math

COLUMNS = [  # heading, width, value of a row (None: not measured)
    ("ingot us", 10, lambda r: f"{r['ingot_us']:.1f}"), ("p90", 10, lambda r: f"{r['ingot_p90_us']:.1f}"),
    ("ort us", 10, lambda r: f"{r['ort_us']:.1f}"), ("p90", 10, lambda r: f"{r['ort_p90_us']:.1f}"),
    ("ratio", 6, lambda r: f"{r['ratio']:.2f}"),
    ("GFLOP/s", 8, lambda r: f"{r['flops'] / r['ingot_us'] * 1e-3:.1f}" if r.get("flops") else None),
    ("limit", 6, lambda r: f"{100 * r['limit_us'] / r['ingot_us']:.0f}%" if r.get("limit_us") else None),
    ("start ms", 8, lambda r: f"{r['ingot_start_ms']:.1f}"), ("ort ms", 8, lambda r: f"{r['ort_start_ms']:.1f}"),
    ("MB", 6, lambda r: f"{r['ingot_memory_mb']:.0f}"), ("ort MB", 6, lambda r: f"{r['ort_memory_mb']:.0f}"),
    (".so MB", 7, lambda r: f"{r['library_mb']:.1f}"), (".onnx", 7, lambda r: f"{r['model_mb']:.1f}"),
    ("compile s", 9, lambda r: f"{r['compile_s']:.1f}"), ("peak MB", 8, lambda r: f"{r['compile_mb']:.0f}"),
]


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def table(rows):
    lines = [f"{'model':20} " + " ".join(f"{name:>{width}}" for name, width, _ in COLUMNS) + "  agrees"]
    for r in rows:
        if "failure" in r:
            lines.append(f"{r['model']:20} {r['failure']}")
            continue
        cells = " ".join(f"{value(r) or '-':>{width}}" for _, width, value in COLUMNS)
        lines.append(f"{r['model']:20} {cells}  {'yes' if r['agrees'] else 'NO: ' + r['difference']}")
    measured = [r for r in rows if "ratio" in r]
    if measured:
        starts = geometric_mean([max(r["ort_start_ms"], 1e-3) / max(r["ingot_start_ms"], 1e-3) for r in measured])
        memory = geometric_mean([r["ingot_memory_mb"] / r["ort_memory_mb"] for r in measured])
        lines.append(f"geometric mean of {len(measured)} models: {geometric_mean([r['ratio'] for r in measured]):.2f} times as fast as ONNX Runtime, "
                     f"{starts:.1f} times as soon, {memory:.2f} of its memory; ratio = ort / ingot, above 1 ours is faster")
    return "\n".join(lines)


def picture(head, rows):
    """Bars of the ratios on a logarithmic scale: to the right of the line ours is faster."""
    rows = sorted((r for r in rows if "ratio" in r), key=lambda r: -r["ratio"])
    left, bar, width, top = 170, 20, 460, 50
    reach = max([2.0] + [max(r["ratio"], 1 / r["ratio"]) for r in rows])
    def x(ratio):
        return left + width / 2 * (1 + math.log(ratio) / math.log(reach))
    height = top + bar * len(rows) + 30
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 90}" height="{height}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>',
           f'<text x="10" y="18" font-size="14">speed over ONNX Runtime {html.escape(str(head["onnxruntime"]))}, {head["threads"]} thread(s)</text>',
           f'<text x="10" y="36" fill="#666">{html.escape(head["processor"])}</text>']
    for i, r in enumerate(rows):
        y, a, b = top + bar * i, min(x(1), x(r["ratio"])), max(x(1), x(r["ratio"]))
        color = "#2a7f62" if r["ratio"] >= 1 else "#c0504d"
        out += [f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{html.escape(r["model"])}</text>',
                f'<rect x="{a:.1f}" y="{y + 3}" width="{max(b - a, 1):.1f}" height="{bar - 6}" fill="{color}"/>',
                f'<text x="{left + width + 10}" y="{y + 14}">{r["ratio"]:.2f}</text>']
    out += [f'<line x1="{x(1):.1f}" y1="{top - 4}" x2="{x(1):.1f}" y2="{height - 20}" stroke="#333"/>',
            f'<text x="{x(1):.1f}" y="{height - 6}" text-anchor="middle">1.0</text>', "</svg>"]
    return "\n".join(out) + "\n"
