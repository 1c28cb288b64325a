"""Operators of com.microsoft that move, sample and transform."""
import numpy as np

from nodes import F32, I32, I64, case, f, i32, i64, random, scalar


def add():
    case("trilu", "Trilu", [f(3, 4), scalar(1, np.int64)], upper=0)
    case("range", "Range", [scalar(1.0), scalar(4.0), scalar(0.5)])
    case("range_no_step", "Range", [scalar(1.0), scalar(4.0)])
    case("pad", "Pad", [f(2, 3), i64(0, 1, 1, 0), scalar(0.5)], mode="constant")
    case("grid_sample", "GridSample", [f(1, 2, 4, 4), f(1, 3, 3, 2)], mode="bicubic")
    case("expand_dims", "ExpandDims", [f(2, 3), scalar(1, np.int32)])
    case("unique", "Unique", [np.array([2, 1, 1, 3, 2], np.float32)], 3, types=[F32, I64, I64])
    case("maxpool_with_mask", "MaxpoolWithMask", [f(1, 2, 4, 4), np.ones((1, 2, 4, 4), np.int32)], kernel_shape=[2, 2])
    boxes = np.array([[0.1, 0.2, 0.8, 0.9], [0.0, 0.0, 1.2, 0.5]], np.float32)
    case("crop_and_resize", "CropAndResize", [f(2, 2, 5, 5), boxes, i32(1, 0), i32(3, 4)], mode="bilinear", extrapolation_value=0.7)
    case("crop_and_resize_one", "CropAndResize", [f(2, 2, 5, 5), boxes, i32(1, 0), i32(1, 2)], mode="nearest")
    x = f(2, 8)
    spectrum = np.fft.rfft(x)
    parts = np.stack([spectrum.real, spectrum.imag], -1).astype(np.float32)
    case("rfft", "Rfft", [x], signal_ndim=1, normalized=0, onesided=1, expected=[parts])
    case("irfft", "Irfft", [parts], signal_ndim=1, normalized=0, onesided=1, expected=[x])
    case("inverse", "Inverse", [f(2, 3, 3) + 2 * np.eye(3, dtype=np.float32)])
    case("murmur_integers", "MurmurHash3", [random.integers(-2**31, 2**31, 5).astype(np.int32)], types=[12], positive=1, seed=3)
    case("murmur_floats", "MurmurHash3", [f(5)], types=[I32], positive=0)
    case("murmur_longs", "MurmurHash3", [random.integers(-2**62, 2**62, 5).astype(np.int64)], types=[I32], positive=0)
