#!/usr/bin/env python3
"""Writes the cases of this folder anew: one node each, random inputs, and the outputs that ONNX Runtime gives.

usage: generate.py ORT_PEER FOLDER [PART OF A CASE'S NAME...]      (ORT_PEER: the program built from bench/ort_peer.cc)
"""
import sys

import attention_cases
import fused_cases
import ml_cases
import mode_cases
import quantized_cases
import search_cases
import shape_cases
import nodes

peer, folder, parts = sys.argv[1], sys.argv[2], sys.argv[3:]
for module in (attention_cases, fused_cases, ml_cases, quantized_cases, shape_cases, mode_cases, search_cases):
    module.add()
for name in nodes.cases:
    if not parts or any(p in name for p in parts):
        nodes.write(peer, folder, name)
