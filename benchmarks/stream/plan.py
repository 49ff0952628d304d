#!/usr/bin/env python3
"""What plan predicts beside what a run then does, in one table: plan, run, plan again, and plan from the routing that the run recorded.
  plan.py MODEL=BUDGET_MIB... [--tokens 24] [--context 512] [--bin DIR] [--json]     e.g. plan.py llama-8b.gguf=2048 qwen3-30b-a3b.gguf=4096"""
import argparse, json, subprocess, sys, tempfile
from pathlib import Path
ap = argparse.ArgumentParser(); ap.add_argument("cases", nargs="+"); ap.add_argument("--tokens", type=int, default=24); ap.add_argument("--context", type=int, default=512)
ap.add_argument("--bin", default=str(Path(__file__).resolve().parents[2] / "src/Host/bin/Release/net10.0")); ap.add_argument("--json", action="store_true"); a = ap.parse_args()
IDS = ",".join(str((1000 + i * 7919) % 20000) for i in range(8))

def call(*arguments):
    p = subprocess.run([f"{a.bin}/layerstream", *arguments, "--json", "--context", str(a.context)], capture_output=True, text=True)
    if p.returncode: sys.exit(f"{arguments[0]} failed ({p.returncode}): {p.stderr[-600:]}")
    return json.loads(p.stdout)

def case(model, mib):
    common = ["--model", model, "--memory-budget", f"{mib}MiB"]
    with tempfile.TemporaryDirectory() as place:
        before = call("plan", *common)
        routes = ["--routes", f"{place}/run.route.csv.gz"] if "experts" in before else []
        # Temperature 1: greedy text of random weights falls into a loop, whose experts all stay in memory.
        run = call("run", *common, "--ids", IDS, "--max-tokens", str(a.tokens), "--ignore-eos", "--temperature", "1", "--seed", "1", *routes)
        after, recorded = call("plan", *common), call("plan", *common, *routes) if routes else None
    passes = run["generatedTokens"] - 1
    rate = lambda p: p["predictedTokensPerSecond"]
    return dict(model=Path(model).stem, budgetMiB=mib, measured=passes / run["decodeSeconds"], predicted=(rate(before) + rate(after)) / 2, predictedEach=[rate(before), rate(after)],
                predictedFromRoutes=recorded and rate(recorded), hitRate=run.get("expertHitRate"), expectedHitRate=before.get("experts", {}).get("expectedHitRate"),
                expectedHitRateFromRoutes=recorded and recorded["experts"]["expectedHitRate"], computeSeconds=run["computeSeconds"] / passes, stallSeconds=sum(run["stallSeconds"].values()) / passes,
                bytesPerToken=run["bytesPerToken"], predictedBytes=before["streamedBytesPerToken"], runBytesPerBusySecond=run["bytesPerToken"] * passes / max(run["loadSeconds"], 1e-9),
                plans=[{k: p[k] for k in ("deviceBytesPerSecond", "kernelBytesPerSecond", "predictedComputeSeconds", "predictedReadSeconds", "predictedWaitSeconds", "limitedBy")} for p in (before, after, recorded) if p])

rows = [case(m, int(mib)) for m, mib in (c.rsplit("=", 1) for c in a.cases)]
if a.json: print(json.dumps(rows)); sys.exit()
percent = lambda v: "" if v is None else f"{100 * v:.0f} %"
error = lambda r, k: "" if r[k] is None else f"{r[k]:.2f} ({100 * (r[k] / r['measured'] - 1):+.0f} %)"
print("| model | budget | measured tok/s | plan | plan --routes | hit rate: run, plan, plan --routes | compute, wait s: run | plan |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
for r in rows:
    hits = "" if r["hitRate"] is None else ", ".join(percent(r[k]) for k in ("hitRate", "expectedHitRate", "expectedHitRateFromRoutes"))
    p = r["plans"][-1]
    print(f"| {r['model']} | {r['budgetMiB']} MiB | {r['measured']:.2f} | {error(r, 'predicted')} | {error(r, 'predictedFromRoutes')} | {hits} | {r['computeSeconds']:.3f}, {r['stallSeconds']:.3f} | {p['predictedComputeSeconds']:.3f}, {p['predictedWaitSeconds']:.3f} |")
