#!/usr/bin/env python3
"""What plan predicts beside what a run then does, in one table: plan, run, plan again, and plan from the routing that the run recorded.
Each is in a memory control group of its own (root is needed); --skip leaves a run's first tokens out, in which experts fill their slots.
  plan.py MODEL=BUDGET_MIB... [--tokens 72] [--skip 24] [--context 512] [--binary FILE] [--json]     e.g. plan.py llama-8b.gguf=2048 qwen3-30b-a3b.gguf=4096"""
import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import workbench

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("cases", nargs="+")
ap.add_argument("--binary", default=workbench.PROGRAM)
ap.add_argument("--json", action="store_true")
for name, default in (("tokens", 72), ("skip", 24), ("context", 512)):
    ap.add_argument("--" + name, type=int, default=default)
a = ap.parse_args()
SPEEDS = ("deviceBytesPerSecond", "kernelBytesPerSecond", "predictedComputeSeconds", "predictedReadSeconds", "predictedWaitSeconds", "limitedBy")


def predicted(plan):
    return plan and plan["predictedTokensPerSecond"]


def case(model, mib):
    def call(verb, *arguments):
        return workbench.result([a.binary, verb, "--json", "--model", model, "--memory-budget", mib << 20, "--context", a.context, *arguments], mib << 20, is_cold=False)

    with tempfile.TemporaryDirectory() as place:
        trace, before = f"{place}/run.lstrace", call("plan")
        routes = ["--routes", f"{place}/run.route.csv.gz"] if "experts" in before else []
        # Temperature 1: greedy text of random weights falls into a loop, whose experts all stay in memory.
        run = call("run", "--trace", trace, "--ids", workbench.prompt_ids(8), "--max-tokens", a.tokens, "--ignore-eos", "--temperature", 1, "--seed", 1, *routes)
        after, recorded = call("plan"), call("plan", *routes) if routes else None
        exported = subprocess.run([a.binary, "trace", "export", trace], capture_output=True, text=True, check=True).stdout
    tokens = [e["dur"] / 1e6 for e in json.loads(exported)["traceEvents"] if e.get("cat") == "token"]
    passes, counted = run["generatedTokens"] - 1, tokens[a.skip if routes else 0:]
    return dict(
        model=Path(model).stem, budgetMiB=mib, measured=len(counted) / sum(counted), measuredWithFirst=workbench.decode_rate(run),
        predicted=(predicted(before) + predicted(after)) / 2, predictedEach=[predicted(before), predicted(after)], predictedFromRoutes=predicted(recorded),
        hitRate=run.get("expertHitRate"), expectedHitRate=before.get("experts", {}).get("expectedHitRate"),
        expectedHitRateFromRoutes=recorded and recorded["experts"]["expectedHitRate"],
        computeSeconds=run["computeSeconds"] / passes, stallSeconds=sum(run["stallSeconds"].values()) / passes,
        bytesPerToken=run["bytesPerToken"], predictedBytes=before["streamedBytesPerToken"], runBytesPerBusySecond=run["bytesPerToken"] * passes / max(run["loadSeconds"], 1e-9),
        plans=[{k: p[k] for k in SPEEDS} for p in (before, after, recorded) if p])


def percent(value):
    return "" if value is None else f"{100 * value:.0f} %"


def error(row, key):
    return "" if row[key] is None else f"{row[key]:.2f} ({100 * (row[key] / row['measured'] - 1):+.0f} %)"


def table(rows):
    print("| model | budget | measured tok/s (with the first) | plan | plan --routes | hit rate: run, plan, plan --routes | compute, wait s: run | plan |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for r in rows:
        hits = "" if r["hitRate"] is None else ", ".join(percent(r[k]) for k in ("hitRate", "expectedHitRate", "expectedHitRateFromRoutes"))
        p = r["plans"][-1]
        cells = (r["model"], f"{r['budgetMiB']} MiB", f"{r['measured']:.2f} ({r['measuredWithFirst']:.2f})", error(r, "predicted"), error(r, "predictedFromRoutes"), hits,
                 f"{r['computeSeconds']:.3f}, {r['stallSeconds']:.3f}", f"{p['predictedComputeSeconds']:.3f}, {p['predictedWaitSeconds']:.3f}")
        print(f"| {' | '.join(cells)} |")


found = [case(m, int(mib)) for m, mib in (c.rsplit("=", 1) for c in a.cases)]
if a.json:
    print(json.dumps(found))
else:
    table(found)
