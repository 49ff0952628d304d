#!/usr/bin/env python3
"""Varies depth, reads in flight and transient slots of a model in a memory cgroup (v1) with `layerstream tune`, beside what is chosen when nothing is said.
  settings.py MODEL --budget-mib 4096 [--rounds 6] [--tokens 24] [--context 1024] [--reads 2,4,8,24] [--slots 2,4,16,32] [--depths 1,2,4,8,16] [--binary FILE]
One JSON object on stdout: tune's rows, the best of them, what plan and the first line of a run's trace advise, peak and failcnt of the cgroup.
Root is needed."""
import argparse, json, os, subprocess, sys, tempfile
from pathlib import Path
ap = argparse.ArgumentParser(usage=__doc__); ap.add_argument("model"); ap.add_argument("--binary")
for name, default in (("budget-mib", 4096), ("rounds", 6), ("tokens", 24), ("context", 1024)): ap.add_argument("--" + name, type=int, default=default)
for name, default in (("reads", "2,4,8,24"), ("slots", "2,4,16,32"), ("depths", "1,2,4,8,16")): ap.add_argument("--" + name, default=default)
a = ap.parse_args()
BIN = a.binary or str(Path(__file__).resolve().parents[2] / "src/Host/bin/Release/net10.0/layerstream")
COMMON = ["--model", a.model, "--memory-budget", f"{a.budget_mib}MiB", "--context", str(a.context)]
group = Path(f"/sys/fs/cgroup/memory/layerstream-settings-{os.getpid()}"); group.mkdir()
(group / "memory.limit_in_bytes").write_text(str(a.budget_mib << 20))

def call(*arguments):
    p = subprocess.run(["sh", "-c", f'echo $$ > {group}/tasks; exec "$@"', "sh", BIN, *arguments], stdout=subprocess.PIPE, text=True)
    if p.returncode: sys.exit(f"{' '.join(arguments)} failed ({p.returncode})")
    return p.stdout

try:
    tuned = json.loads(call("tune", *COMMON, "--json", "--rounds", str(a.rounds), "--tokens", str(a.tokens), "--reads", a.reads, "--slots", a.slots, "--depths", a.depths))
    with tempfile.TemporaryDirectory() as place:
        call("run", *COMMON, "--json", "--ids", "1000,8919,16838,4757", "--max-tokens", "64", "--ignore-eos", "--temperature", "1", "--seed", "1", "--trace", f"{place}/run.lstrace")
        first = subprocess.run([BIN, "trace", "show", f"{place}/run.lstrace"], capture_output=True, text=True).stdout.split("\n")[0]
    advice = json.loads(call("plan", *COMMON, "--json"))["advice"]
    peak, fails = int((group / "memory.max_usage_in_bytes").read_text()), int((group / "memory.failcnt").read_text())
finally: group.rmdir()
measured = [r for r in tuned["rows"] if "ratio" in r]
best = max(measured, key=lambda r: r["ratio"])
print(json.dumps(dict(model=Path(a.model).name, budgetMiB=a.budget_mib, given={k: tuned[k] for k in ("prefetchDepth", "readsInFlight", "transientSlots")}, rows=tuned["rows"],
    best=best["setting"] or "as given", givenShareOfBest=round(1 / best["ratio"], 3), recommended=tuned["recommended"], plan=advice, trace=first, peakMiB=peak >> 20, failcnt=fails), indent=1))
