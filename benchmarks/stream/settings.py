#!/usr/bin/env python3
"""Varies depth, reads in flight and transient slots of a model in a memory control group with `layerstream tune`, beside what is chosen when nothing is said.
  settings.py MODEL --budget-mib 4096 [--rounds 6] [--tokens 24] [--context 1024] [--reads 2,4,8,24] [--slots 2,4,16,32] [--depths 1,2,4,8,16] [--binary FILE]
One JSON object on stdout: tune's rows, the best of them, what plan and the first line of a run's trace advise, peak and failcnt of the group.
Root is needed."""
import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import workbench
from memory_group import MemoryGroup

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("model")
ap.add_argument("--binary", default=workbench.PROGRAM)
for name, default in (("budget-mib", 4096), ("rounds", 6), ("tokens", 24), ("context", 1024)):
    ap.add_argument("--" + name, type=int, default=default)
for name, default in (("reads", "2,4,8,24"), ("slots", "2,4,16,32"), ("depths", "1,2,4,8,16")):
    ap.add_argument("--" + name, default=default)
a = ap.parse_args()
COMMON = ["--model", a.model, "--memory-budget", f"{a.budget_mib}MiB", "--context", a.context]

with MemoryGroup(a.budget_mib << 20) as group:
    def call(*arguments):
        command = [a.binary, *arguments]
        return workbench.checked(group.run(command, stdout=subprocess.PIPE), command)

    tuned = json.loads(call("tune", *COMMON, "--json", "--rounds", a.rounds, "--tokens", a.tokens, "--reads", a.reads, "--slots", a.slots, "--depths", a.depths))
    with tempfile.TemporaryDirectory() as place:
        call("run", *COMMON, "--json", "--ids", workbench.prompt_ids(4), "--max-tokens", 64, "--ignore-eos", "--temperature", 1, "--seed", 1,
             "--trace", f"{place}/run.lstrace")
        first = call("trace", "show", f"{place}/run.lstrace").split("\n")[0]
    advice = json.loads(call("plan", *COMMON, "--json"))["advice"]
    peak, fails = group.peak_bytes, group.failed_charges

best = max((r for r in tuned["rows"] if "ratio" in r), key=lambda r: r["ratio"])
print(json.dumps(dict(
    model=Path(a.model).name, budgetMiB=a.budget_mib, given={k: tuned[k] for k in ("prefetchDepth", "readsInFlight", "transientSlots")}, rows=tuned["rows"],
    best=best["setting"] or "as given", givenShareOfBest=round(1 / best["ratio"], 3), recommended=tuned["recommended"], plan=advice, trace=first,
    peakMiB=peak >> 20, failcnt=fails), indent=1))
