#!/usr/bin/env python3
"""Prompt and decode speed of a dense model beside llama.cpp, one after the other on the same machine. One JSON object on stdout.
  beside.py MODEL --peer llamacpp_peer.py --peer-lib DIR [--prompt 512] [--tokens 32] [--threads 2] [--activations int8]
      all in memory; llama.cpp with its best kernels and with its AVX2 library, repacking weights or not
  beside.py MODEL --peer … --peer-lib DIR --budget-mib 2048 --prompt 1000 --tokens 1
      in a memory control group (root and fio are needed), cold; llama.cpp maps the file in a group of the same size"""
import argparse
import json
import tempfile
from pathlib import Path

import workbench

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("model")
ap.add_argument("--binary", default=workbench.PROGRAM)
ap.add_argument("--activations", choices=("int8", "int16", "f32"), default="int16")
for name, default in (("prompt", 512), ("tokens", 32), ("threads", 2), ("budget-mib", 0)):
    ap.add_argument("--" + name, type=int, default=default)
workbench.add_peer(ap)
a = ap.parse_args()
if not a.peer or not a.peer_lib:
    ap.error("--peer and --peer-lib are needed")
CONTEXT = a.prompt + a.tokens + 32


def ours(limit_bytes=None):
    with tempfile.NamedTemporaryFile("w", suffix=".ids") as ids:
        ids.write(workbench.prompt_ids(a.prompt))
        ids.flush()
        command = [a.binary, "run", "--json", "--quiet", "--model", a.model, "--context", CONTEXT, "--ids", "@" + ids.name, "--max-tokens", a.tokens + 1,
                   "--ignore-eos", "--temperature", 0, "--threads", a.threads, "--activations", a.activations]
        r = workbench.result(command + ["--memory-budget", limit_bytes] if limit_bytes else command, limit_bytes)
    return r | dict(promptTokensPerSecond=a.prompt / r["promptSeconds"], decodeTokensPerSecond=workbench.decode_rate(r))


def peer(*options, limit_bytes=None):
    r = workbench.llama_cpp(a, a.model, a.prompt, a.tokens, CONTEXT, *options, limit_bytes=limit_bytes)
    return dict(prompt=r["prefill_tok_s"], decode=r["decode_tok_s"], promptSeconds=r["prefill_s"])


def streamed(limit_bytes):
    before = workbench.fio_rate(a.model)
    r = ours(limit_bytes)
    after = workbench.fio_rate(a.model)
    alone, p = ours(), peer(limit_bytes=limit_bytes)
    return dict(
        promptSeconds=r["promptSeconds"], promptSecondsResident=alone["promptSeconds"], ratioToResident=r["promptSeconds"] / alone["promptSeconds"],
        promptBytes=r["promptBytes"], fioBytesPerSecond=[before, after], idsEqual=r["ids"] == alone["ids"], peakMiB=r["peakMiB"], failcnt=r["failcnt"],
        llamaCpp=p, timesLlamaCpp=p["promptSeconds"] / r["promptSeconds"])


def resident():
    avx2 = ("--cpu-lib", "libggml-cpu-haswell.so")
    variants = {"best": (), "best, repacked": ("--repack",), "AVX2": avx2, "AVX2, repacked": (*avx2, "--repack")}
    first = ours()
    peers = {name: peer("--mode", "none", *options) for name, options in variants.items()}
    last = ours()
    found = {}
    for kind in ("prompt", "decode"):
        found[kind] = [r[kind + "TokensPerSecond"] for r in (first, last)]
        found["timesBest" + kind.capitalize()] = min(found[kind]) / max(p[kind] for p in peers.values())
    return found | dict(llamaCpp=peers)


out = streamed(a.budget_mib << 20) if a.budget_mib else resident()
print(json.dumps(dict(model=Path(a.model).name, promptTokens=a.prompt, activations=a.activations) | out))
