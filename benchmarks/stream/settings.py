#!/usr/bin/env python3
"""Varies depth, reads in flight and transient slots of a model with experts in a memory cgroup (v1), beside what is chosen when nothing is said.
  settings.py MODEL --budget-mib 4096 [--rounds 3] [--tokens 32] [--context 512] [--lock FILE] [--only NAME,NAME] [--binary FILE]
The disk's rate changes within minutes: all settings run in each round, in alternating order, and count by the median of their ratio to that
round's default. One JSON object on stdout: the ratios, the best, and what the first line of the default's trace advises. Root is needed."""
import argparse, json, os, statistics, subprocess, sys, tempfile
from pathlib import Path
ap = argparse.ArgumentParser(usage=__doc__); ap.add_argument("model"); ap.add_argument("--binary"); ap.add_argument("--lock"); ap.add_argument("--only")
for name, default in (("budget-mib", 4096), ("rounds", 3), ("tokens", 32), ("context", 512)): ap.add_argument("--" + name, type=int, default=default)
a = ap.parse_args()
BIN = a.binary or str(Path(__file__).resolve().parents[2] / "src/Host/bin/Release/net10.0/layerstream")
ARMS = {"auto": []} | {f"depth {n}": ["--prefetch-depth", str(n)] for n in (1, 4, 16)} | {f"reads {n}": ["--reads-in-flight", str(n)] for n in (2, 4, 8, 24)} | {f"slots {n}": ["--transient-slots", str(n)] for n in (2, 4, 16, 32)}
if a.only: ARMS = {k: v for k, v in ARMS.items() if k == "auto" or k in a.only.split(",")}
IDS = ",".join(str((1000 + i * 7919) % 20000) for i in range(8))
trace = tempfile.mktemp(suffix=".lstrace")

def speed(options):
    group = Path(f"/sys/fs/cgroup/memory/layerstream-settings-{os.getpid()}"); group.mkdir(exist_ok=True)
    (group / "memory.limit_in_bytes").write_text(str(a.budget_mib << 20)); os.sync(); Path("/proc/sys/vm/drop_caches").write_text("3")
    cmd = [BIN, "run", "--json", "--model", a.model, "--memory-budget", f"{a.budget_mib}MiB", "--context", str(a.context), "--ids", IDS, "--max-tokens", str(a.tokens), "--ignore-eos", "--temperature", "1", "--top-k", "0", "--top-p", "1", "--min-p", "0", "--seed", "1", *options]
    p = subprocess.run(["sh", "-c", f'echo $$ > {group}/tasks; exec "$@"', "sh", *cmd], capture_output=True, text=True)
    fails = int((group / "memory.failcnt").read_text()); group.rmdir()
    if p.returncode: sys.exit(f"{' '.join(cmd)} failed ({p.returncode}): {p.stderr[-600:]}")
    r = json.loads(p.stdout)
    return (r["generatedTokens"] - 1) / r["decodeSeconds"], tuple(r["ids"]), fails

rounds, ids, failed = [], set(), 0
for n in range(a.rounds):
    if a.lock:
        import fcntl
        lock = open(a.lock); fcntl.flock(lock, fcntl.LOCK_EX)
    row = {}
    for name in (list(ARMS) if n % 2 == 0 else list(ARMS)[::-1]):
        row[name], drawn, fails = speed(ARMS[name] + (["--trace", trace] if name == "auto" and n == 0 else []))
        ids.add(drawn); failed += fails
    rounds.append(row)
    if a.lock: lock.close()
advice = subprocess.run([BIN, "trace", "show", trace], capture_output=True, text=True).stdout.split("\n")[0]; os.unlink(trace)
ratios = {name: round(statistics.median(row[name] / row["auto"] for row in rounds), 3) for name in ARMS}
best = max(ratios, key=ratios.get)
print(json.dumps(dict(model=Path(a.model).name, budgetMiB=a.budget_mib, tokensPerSecondAuto=[round(r["auto"], 3) for r in rounds], ratioToAuto=ratios, best=best, autoShareOfBest=round(1 / ratios[best], 3), advice=advice, idsEqual=len(ids) == 1, failcnt=failed)))
