#!/usr/bin/env python3
"""Prompt and decode speed of a dense model beside llama.cpp, one after the other on the same machine. One JSON object on stdout.
  beside.py MODEL --peer llamacpp_peer.py --peer-lib DIR [--prompt 512] [--tokens 32] [--threads 2] [--activations int8] [--rounds 3]
      all in memory: the second prompt of a daemon, because weights come in with the first (both are given); llama.cpp with its best kernels and
      with its AVX2 library, repacking weights or not
  beside.py MODEL --peer … --peer-lib DIR --budget-mib 2048 --prompt 1000 --tokens 1
      in a memory control group (root and fio are needed), cold; llama.cpp maps the file in a group of the same size"""
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import workbench

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("model")
ap.add_argument("--binary", default=workbench.PROGRAM)
ap.add_argument("--activations", choices=("int8", "int16", "f32"), default="int16")
for name, default in (("prompt", 512), ("tokens", 32), ("threads", 2), ("budget-mib", 0), ("port", 8093), ("rounds", 3)):
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


def ask(url, ids):
    body = dict(prompt=ids, max_tokens=a.tokens + 1, temperature=0, ignore_eos=True)
    return json.loads(workbench.post(url + "/v1/completions", body, 1800).read())["timings"]


def ours_in_memory():
    """Rates of the second of two prompts that share no beginning, whose weights the first one brought."""
    url, ids = f"http://127.0.0.1:{a.port}", [int(i) for i in workbench.prompt_ids(a.prompt + 1).split(",")]
    daemon = subprocess.Popen([a.binary, "serve", "--quiet", "--model", a.model, "--context", str(CONTEXT), "--threads", str(a.threads),
                               "--activations", a.activations, "--profile", "off", "--urls", url], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        workbench.wait_until_ready(daemon, url)
        first, second = ask(url, ids[1:]), ask(url, ids[:-1])
    finally:
        daemon.terminate()
        daemon.wait(60)
    if second["cache_n"]:
        sys.exit(f"{second['cache_n']} tokens of the second prompt were known")
    return dict(promptTokensPerSecond=1000 * a.prompt / second["prompt_ms"], firstPromptTokensPerSecond=1000 * a.prompt / first["prompt_ms"],
                decodeTokensPerSecond=1000 * a.tokens / second["predicted_ms"])


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
    """Medians of as many rounds as are asked for, in each of which all take their turn: the rates of a shared machine move by a quarter."""
    avx2 = ("--cpu-lib", "libggml-cpu-haswell.so")
    variants = {"best": (), "best, repacked": ("--repack",), "AVX2": avx2, "AVX2, repacked": (*avx2, "--repack")}
    mine, peers = [], {name: [] for name in variants}
    for _ in range(a.rounds):
        mine.append(ours_in_memory())
        for name, options in variants.items():
            peers[name].append(peer("--mode", "none", *options))
    found = dict(firstPrompt=[r["firstPromptTokensPerSecond"] for r in mine])
    for kind in ("prompt", "decode"):
        found[kind] = [r[kind + "TokensPerSecond"] for r in mine]
        medians = {name: statistics.median(r[kind] for r in of) for name, of in peers.items()}
        found["timesBest" + kind.capitalize()] = statistics.median(found[kind]) / max(medians.values())
        found["timesUnrepackedAvx2" + kind.capitalize()] = statistics.median(found[kind]) / medians["AVX2"]
    return found | dict(llamaCpp=peers)


out = streamed(a.budget_mib << 20) if a.budget_mib else resident()
print(json.dumps(dict(model=Path(a.model).name, promptTokens=a.prompt, activations=a.activations) | out))
