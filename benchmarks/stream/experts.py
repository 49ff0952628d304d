#!/usr/bin/env python3
"""Measures a model with experts in a memory control group against what its disk and its dense part allow. Root and fio are needed.
  experts.py MODEL --budget-mib 4096 [--tokens 32] [--prompt 8] [--context 512] [--resident-mib N] [--peer llamacpp_peer.py --peer-lib DIR] [-- MORE OPTIONS OF run]
One JSON object on stdout. fio runs before and after with random direct reads of the size of the engine's (a slab of an expert) and of 256 KiB,
at depths 8 and 16; each bracket counts with its better pattern. The sampler draws with a seed, so that the text does not fall into a repetition.
  bar         1 / (demanded bytes per token / fio + dense compute of a pass); the share of it that was reached
  disk        demanded bytes per token / fio alone; the share of it
  firstToken  prompt seconds / max(one sweep of what is not resident / fio, compute alone)
Dense compute is that of a run with everything resident if --resident-mib says how much memory that takes, else of a run in the same budget
without predicted reads, whose disk is idle while the dense part (pinned as a whole) computes. The compute of a prompt alone needs --resident-mib.
--lock FILE holds an exclusive lock (flock) around each measurement, for machines on which several people measure."""
import argparse
import contextlib
import fcntl
import json
import os
import sys
from pathlib import Path

import workbench

split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
own, more = sys.argv[1:split], sys.argv[split + 1:]
ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("model")
ap.add_argument("--binary", default=workbench.PROGRAM)
ap.add_argument("--trace")
ap.add_argument("--lock")
ap.add_argument("--no-dense", action="store_true", help="leaves the second run out")
for name, default in (("budget-mib", 4096), ("tokens", 32), ("prompt", 8), ("context", 512), ("resident-mib", 0), ("slab-kib", 0), ("seed", 1),
                      ("peer-tokens", 4), ("fio-seconds", 2)):
    ap.add_argument("--" + name, type=int, default=default)
workbench.add_peer(ap)
a = ap.parse_args(own)
LIMIT = a.budget_mib << 20


@contextlib.contextmanager
def alone():
    """Holds the lock, if there is one; others get their turn between two measurements."""
    with open(a.lock or os.devnull, "a") as lock:
        if a.lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fio(sizes_kib):
    return {f"{kib}k x {depth}": workbench.fio_rate(a.model, "randread", f"{kib}k", depth, a.fio_seconds) for kib in sizes_kib for depth in (8, 16)}


def run(limit, *options, tokens=a.tokens):
    r = workbench.result([a.binary, "run", "--json", "--model", a.model, "--memory-budget", limit, "--context", a.context, "--ids", workbench.prompt_ids(a.prompt),
                          "--max-tokens", tokens, "--ignore-eos", "--temperature", 1, "--top-k", 0, "--top-p", 1, "--min-p", 0, "--seed", a.seed, *options], limit)
    return r | dict(passes=max(1, r["generatedTokens"] - 1))


def dense_seconds(r):
    return (r["computeSeconds"] - r["expertComputeSeconds"]) / r["passes"]


plan = workbench.result([a.binary, "plan", "--json", "--model", a.model, "--memory-budget", LIMIT, "--context", a.context])
routed = plan["experts"]["routedBytesPerToken"] / len(plan["experts"]["slotsPerLayer"]) / plan["experts"]["perToken"]
slab = a.slab_kib or max(64, round(routed / 3 / 4096) * 4)
with alone():
    before = fio((slab, 256))
    r = run(LIMIT, *(["--trace", a.trace] if a.trace else []), *more)
    after = fio((slab, 256))
with alone():
    if a.resident_mib:
        quiet = run(a.resident_mib << 20, *more, tokens=min(a.tokens, 12))
    else:
        quiet = r if a.no_dense else run(LIMIT, "--predict", "off", *more, tokens=min(a.tokens, 12))

rate = (max(before.values()) + max(after.values())) / 2
demanded, speed, dense = r["bytesPerToken"], r["passes"] / r["decodeSeconds"], dense_seconds(quiet)
sweep = max(0, os.path.getsize(a.model) - r["pinnedBytes"] - plan["experts"]["residentSlots"] * routed)
out = dict(
    model=Path(a.model).name, budgetMiB=a.budget_mib, tokensPerSecond=round(speed, 4), bytesPerToken=round(demanded), hitRate=round(r["expertHitRate"], 4),
    fioBefore=before, fioAfter=after, fioBytesPerSecond=round(rate),
    densePassSeconds=round(dense, 4), densePassSecondsInRun=round(dense_seconds(r), 4), expertComputeSecondsPerPass=round(r["expertComputeSeconds"] / r["passes"], 4),
    waitSecondsPerPass={k: round(v / r["passes"], 4) for k, v in r["stallSeconds"].items() if v > 0},
    shareOfBar=round(speed * (demanded / rate + dense), 3), shareOfDisk=round(speed * demanded / rate, 3), loadSecondsPerPass=round(r["loadSeconds"] / r["passes"], 4),
    predictedUseful=r["predictedBytesUseful"], predictedWasted=r["predictedBytesWasted"],
    promptSeconds=round(r["promptSeconds"], 3), promptBytes=r["promptBytes"], promptComputeSeconds=round(r["promptComputeSeconds"], 3), sweepSeconds=round(sweep / rate, 3),
    peakMiB=r["peakMiB"], limitMiB=a.budget_mib, failcnt=r["failcnt"], ids=r["ids"])
if quiet is not r:
    out["idsEqual"] = quiet["ids"] == r["ids"][:len(quiet["ids"])]
if a.resident_mib:
    out["promptComputeAloneSeconds"] = round(quiet["promptSeconds"], 3)
    out["firstToken"] = round(r["promptSeconds"] / max(sweep / rate, quiet["promptSeconds"]), 3)
if a.peer:
    with alone():
        peer = workbench.llama_cpp(a, a.model, a.prompt, a.peer_tokens, max(512, a.context), limit_bytes=LIMIT)
    out["llamaCpp"] = dict(tokensPerSecond=peer["decode_tok_s"], promptSeconds=peer["prefill_s"], readMbPerToken=peer["decode_read_mb_per_token"])
    out["ratioToLlamaCpp"] = round(speed / peer["decode_tok_s"], 2)
print(json.dumps(out))
