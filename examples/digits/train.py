#!/usr/bin/python3
"""Train the digit reader of this folder and write digits.onnx, pictures/ and expected.txt.

needs:  apt-get install python3-torch python3-onnx python3-pil python3-numpy fonts-dejavu fonts-liberation fonts-freefont-ttf \\
            fonts-roboto-unhinted fonts-lato fonts-comic-neue fonts-open-sans fonts-urw-base35
usage:  train.py [OUT_DIR]        (about three minutes on one core; OUT_DIR is this folder unless given)

The digits are drawn here, from fonts, and then rotated, sheared, bent, shifted, blurred and covered with noise, so that no data
set is needed.  The fonts of HELD_OUT are never seen in training; the accuracy printed at the end is on those.
"""
import glob
import os
import sys

import numpy as np
import torch
import torch.nn as nn
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = 28
FAMILIES = ("DejaVu", "Liberation", "Free", "Roboto", "Lato", "ComicNeue", "OpenSans", "Nimbus", "C059", "P052", "URW", "Z003")
HELD_OUT = ("LiberationSerif", "Lato-Medium", "NimbusMonoPS", "FreeSansOblique", "P052-Bold", "ComicNeue-Light")


def find_fonts():
    files = glob.glob("/usr/share/fonts/truetype/**/*.ttf", recursive=True) + glob.glob("/usr/share/fonts/opentype/**/*.otf", recursive=True)
    named = sorted((os.path.basename(f), f) for f in files)
    named = [(n, f) for n, f in named if n.startswith(FAMILIES)]
    if len(named) < 50:
        sys.exit(f"train.py: found {len(named)} fonts, expected at least 50; install the packages named in the head of this file")
    load = lambda path: ImageFont.truetype(path, 60)
    seen = [load(f) for n, f in named if not n.startswith(HELD_OUT)]
    unseen = [load(f) for n, f in named if n.startswith(HELD_OUT)]
    return seen, unseen


def draw(digit, font, rng, rough=1.0):
    """One picture, uint8 [28, 28], light ink on a dark ground; rough scales all distortions."""
    big = Image.new("L", (96, 96), 0)
    ImageDraw.Draw(big).text((48, 48), str(digit), fill=255, font=font, anchor="mm", stroke_width=int(rng.integers(0, 3)))
    # An affine map (turn, shear, scale, shift) and a smooth bend, as one displacement field sampled at 28x28 points.
    turn, shear = np.radians(rng.normal(0, 7 * rough)), rng.normal(0, 0.12 * rough)
    sx, sy = np.exp(rng.normal(0, 0.12 * rough, 2)) * rng.uniform(2.3, 3.1)
    dx, dy = rng.normal(0, 1.2 * rough, 2)
    u, v = np.meshgrid(np.arange(SIZE) - 13.5, np.arange(SIZE) - 13.5)
    wave = lambda: rng.normal(0, 0.8 * rough) * np.sin(rng.uniform(0.1, 0.3) * (u if rng.random() < 0.5 else v) + rng.uniform(0, 6.3))
    u, v = u + dx + wave(), v + dy + wave()
    x = sx * (np.cos(turn) * u - np.sin(turn) * v + shear * v) + 47.5
    y = sy * (np.sin(turn) * u + np.cos(turn) * v) + 47.5
    soft = np.asarray(big.filter(ImageFilter.GaussianBlur(rng.uniform(0.8, 2.0))), np.float32)
    x, y = np.clip(x, 0, 94.99), np.clip(y, 0, 94.99)
    i, j = y.astype(int), x.astype(int)
    a, b = y - i, x - j
    ink = (1 - a) * ((1 - b) * soft[i, j] + b * soft[i, j + 1]) + a * ((1 - b) * soft[i + 1, j] + b * soft[i + 1, j + 1])
    ink = ink * rng.uniform(0.55, 1.0) + rng.uniform(0, 50 * rough)
    ink = ink + rng.normal(0, rng.uniform(0, 22 * rough), ink.shape)
    return np.clip(ink, 0, 255).astype(np.uint8)


def draw_many(count, fonts, rng):
    labels = rng.integers(0, 10, count)
    pictures = np.stack([draw(d, fonts[rng.integers(len(fonts))], rng) for d in labels])
    return torch.from_numpy(pictures).float()[:, None] / 255, torch.from_numpy(labels)


class Digits(nn.Module):
    """Three pairs of convolutions, each followed by batch normalisation and ReLU; 36,000 weights."""

    def __init__(self):
        super().__init__()
        pair = lambda i, o: [nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(),
                             nn.Conv2d(o, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU()]
        self.features = nn.Sequential(*pair(1, 16), nn.MaxPool2d(2), *pair(16, 32), nn.MaxPool2d(2), *pair(32, 32), nn.AdaptiveAvgPool2d(1))
        self.classify = nn.Linear(32, 10)

    def forward(self, picture):
        return self.classify(self.features(picture).flatten(1))


def train(model, x, y, epochs=6, batch=64):
    steps = epochs * (len(x) // batch)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    for epoch in range(epochs):
        order, total = torch.randperm(len(x)), 0.0
        for k in range(len(x) // batch):
            at = order[k * batch:(k + 1) * batch]
            loss = nn.functional.cross_entropy(model(x[at]), y[at], label_smoothing=0.02)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total / (len(x) // batch):.4f}", flush=True)


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        return (torch.cat([model(part) for part in x.split(500)]).argmax(1) == y).float().mean().item()


def write_pgm(path, picture):
    with open(path, "wb") as f:
        f.write(b"P5\n%d %d\n255\n" % picture.shape[::-1] + picture.tobytes())


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    torch.manual_seed(1)
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    seen, unseen = find_fonts()
    print(f"drawing with {len(seen)} fonts, {len(unseen)} held out", flush=True)
    x, y = draw_many(20000, seen, rng)
    model = Digits()
    train(model, x, y)
    held_x, held_y = draw_many(5000, unseen, rng)
    right = accuracy(model, held_x, held_y)
    print(f"accuracy on 5000 digits in fonts never seen: {100 * right:.2f}%")

    # The softmax is part of the exported model, so that its output is a probability.  Batch normalisation stays in the graph
    # (PRESERVE): folding it into the convolutions is the compiler's work.
    whole = nn.Sequential(model, nn.Softmax(1)).eval()
    torch.onnx.export(whole, torch.zeros(1, 1, SIZE, SIZE), os.path.join(out, "digits.onnx"), input_names=["picture"],
                      output_names=["probability"], opset_version=17, training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    pictures = os.path.join(out, "pictures")
    os.makedirs(pictures, exist_ok=True)
    rows = []
    for digit in range(10):
        picture = draw(digit, unseen[(7 * digit) % len(unseen)], rng)
        write_pgm(os.path.join(pictures, f"{digit}.pgm"), picture)
        np.save(os.path.join(pictures, f"{digit}.npy"), picture.astype(np.float32)[None, None] / 255)
        with torch.no_grad():
            p = whole(torch.from_numpy(picture).float()[None, None] / 255)[0]
        rows.append(f"{digit}.pgm " + " ".join(f"{v:.6f}" for v in p.tolist()))
    with open(os.path.join(out, "expected.txt"), "w") as f:
        f.write("\n".join(rows) + "\n")
    return 0 if right > 0.98 else 1


if __name__ == "__main__":
    sys.exit(main())
