#!/usr/bin/env python3
"""Streams a model in a memory control group and compares with the device and, optionally, with llama.cpp in a group of the same size.
Root and fio are needed. One JSON line on stdout; the disk is measured before and after, and a pair more than 10 % apart is repeated.
  run.py MODEL --budget-mib 2048 [--tokens 12] [--depth N] [--context 512] [--peer llamacpp_peer.py --peer-lib DIR]"""
import argparse
import json

import workbench

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("model")
ap.add_argument("--depth", default="auto")
for name, default in (("budget-mib", 2048), ("tokens", 12), ("context", 512), ("tries", 4)):
    ap.add_argument("--" + name, type=int, default=default)
workbench.add_peer(ap)
a = ap.parse_args()
LIMIT = a.budget_mib << 20

for attempt in range(a.tries):
    before = workbench.fio_rate(a.model, seconds=5)
    r = workbench.result([workbench.PROGRAM, "run", "--json", "--model", a.model, "--memory-budget", LIMIT, "--context", a.context, "--prefetch-depth", a.depth,
                          "--ids", workbench.prompt_ids(8), "--max-tokens", a.tokens, "--ignore-eos", "--temperature", 0], LIMIT)
    after = workbench.fio_rate(a.model, seconds=5)
    if abs(before - after) <= 0.1 * max(before, after):
        break

rate, speed = (before + after) / 2, workbench.decode_rate(r)
out = dict(
    tokensPerSecond=round(speed, 4), bytesPerToken=r["bytesPerToken"], fioBytesPerSecond=[before, after], shareOfDisk=round(speed * r["bytesPerToken"] / rate, 3),
    pinnedShareOfBudget=round(r["pinnedBytes"] / r["budgetBytes"], 3), load=round(r["loadSeconds"], 2), compute=round(r["computeSeconds"], 2),
    wall=round(r["decodeSeconds"], 2), overlapShare=round(r["overlapShare"], 3), stalls=r["stallSeconds"],
    peakMiB=r["peakMiB"], failcnt=r["failcnt"], depth=r["prefetchDepth"], attempts=attempt + 1)
if a.peer:
    out["llamaCpp"] = workbench.llama_cpp(a, a.model, 8, 4, 512, limit_bytes=LIMIT)["decode_tok_s"]
    out["ratioToLlamaCpp"] = round(speed / out["llamaCpp"], 2)
print(json.dumps(out))
