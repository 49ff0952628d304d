#!/usr/bin/env python3
"""What plan predicts beside what a run then does, in one table: plan, run, plan again, and plan from the routing that the run recorded.
The run is in a memory cgroup (v1) of its own; --skip leaves its first tokens out, in which experts fill their slots.
  plan.py MODEL=BUDGET_MIB... [--tokens 72] [--skip 24] [--context 512] [--bin DIR] [--json]     e.g. plan.py llama-8b.gguf=2048 qwen3-30b-a3b.gguf=4096"""
import argparse, json, os, subprocess, sys, tempfile
from pathlib import Path
ap = argparse.ArgumentParser(); ap.add_argument("cases", nargs="+"); ap.add_argument("--tokens", type=int, default=72); ap.add_argument("--skip", type=int, default=24); ap.add_argument("--context", type=int, default=512)
ap.add_argument("--bin", default=str(Path(__file__).resolve().parents[2] / "src/Host/bin/Release/net10.0")); ap.add_argument("--json", action="store_true"); a = ap.parse_args()
IDS = ",".join(str((1000 + i * 7919) % 20000) for i in range(8))

def call(mib, *arguments):
    group = Path(f"/sys/fs/cgroup/memory/layerstream-plan-{os.getpid()}"); group.mkdir(exist_ok=True)
    (group / "memory.limit_in_bytes").write_text(str(mib << 20))
    p = subprocess.run(["sh", "-c", f'echo $$ > {group}/tasks; exec "$@"', "sh", f"{a.bin}/layerstream", *arguments, "--json", "--context", str(a.context)], capture_output=True, text=True)
    group.rmdir()
    if p.returncode: sys.exit(f"{arguments[0]} failed ({p.returncode}): {p.stderr[-600:]}")
    return json.loads(p.stdout)

def case(model, mib):
    common = ["--model", model, "--memory-budget", f"{mib}MiB"]
    with tempfile.TemporaryDirectory() as place:
        before = call(mib, "plan", *common)
        routes = ["--routes", f"{place}/run.route.csv.gz"] if "experts" in before else []
        # Temperature 1: greedy text of random weights falls into a loop, whose experts all stay in memory.
        run = call(mib, "run", *common, "--trace", f"{place}/run.lstrace", "--ids", IDS, "--max-tokens", str(a.tokens), "--ignore-eos", "--temperature", "1", "--seed", "1", *routes)
        after, recorded = call(mib, "plan", *common), call(mib, "plan", *common, *routes) if routes else None
        exported = subprocess.run([f"{a.bin}/layerstream", "trace", "export", f"{place}/run.lstrace"], capture_output=True, text=True, check=True).stdout
    tokens = [e["dur"] / 1e6 for e in json.loads(exported)["traceEvents"] if e.get("cat") == "token"]
    passes, counted = run["generatedTokens"] - 1, tokens[a.skip if "experts" in before else 0:]
    rate = lambda p: p["predictedTokensPerSecond"]
    return dict(model=Path(model).stem, budgetMiB=mib, measured=len(counted) / sum(counted), measuredWithFirst=passes / run["decodeSeconds"], predicted=(rate(before) + rate(after)) / 2, predictedEach=[rate(before), rate(after)],
                predictedFromRoutes=recorded and rate(recorded), hitRate=run.get("expertHitRate"), expectedHitRate=before.get("experts", {}).get("expectedHitRate"),
                expectedHitRateFromRoutes=recorded and recorded["experts"]["expectedHitRate"], computeSeconds=run["computeSeconds"] / passes, stallSeconds=sum(run["stallSeconds"].values()) / passes,
                bytesPerToken=run["bytesPerToken"], predictedBytes=before["streamedBytesPerToken"], runBytesPerBusySecond=run["bytesPerToken"] * passes / max(run["loadSeconds"], 1e-9),
                plans=[{k: p[k] for k in ("deviceBytesPerSecond", "kernelBytesPerSecond", "predictedComputeSeconds", "predictedReadSeconds", "predictedWaitSeconds", "limitedBy")} for p in (before, after, recorded) if p])

rows = [case(m, int(mib)) for m, mib in (c.rsplit("=", 1) for c in a.cases)]
if a.json: print(json.dumps(rows)); sys.exit()
percent = lambda v: "" if v is None else f"{100 * v:.0f} %"
error = lambda r, k: "" if r[k] is None else f"{r[k]:.2f} ({100 * (r[k] / r['measured'] - 1):+.0f} %)"
print("| model | budget | measured tok/s (with the first) | plan | plan --routes | hit rate: run, plan, plan --routes | compute, wait s: run | plan |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
for r in rows:
    hits = "" if r["hitRate"] is None else ", ".join(percent(r[k]) for k in ("hitRate", "expectedHitRate", "expectedHitRateFromRoutes"))
    p = r["plans"][-1]
    print(f"| {r['model']} | {r['budgetMiB']} MiB | {r['measured']:.2f} ({r['measuredWithFirst']:.2f}) | {error(r, 'predicted')} | {error(r, 'predictedFromRoutes')} | {hits} | {r['computeSeconds']:.3f}, {r['stallSeconds']:.3f} | {p['predictedComputeSeconds']:.3f}, {p['predictedWaitSeconds']:.3f} |")
