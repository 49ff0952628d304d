#!/usr/bin/env python3
"""Measures a model with experts in a memory cgroup (v1) against what its disk and its dense part allow. Root and fio are needed.
  experts.py MODEL --budget-mib 4096 [--tokens 32] [--prompt 8] [--context 512] [--resident-mib N] [--peer llamacpp_peer.py --peer-lib DIR] [-- MORE OPTIONS OF run]
One JSON object on stdout. fio runs before and after with random direct reads of the size of the engine's (a slab of an expert) and of 256 KiB,
at depths 8 and 16; each bracket counts with its better pattern. The sampler draws with a seed, so that the text does not fall into a repetition.
  bar         1 / (demanded bytes per token / fio + dense compute of a pass); the share of it that was reached
  disk        demanded bytes per token / fio alone; the share of it
  firstToken  prompt seconds / max(one sweep of what is not resident / fio, compute alone)
Dense compute is that of a run with everything resident if --resident-mib says how much memory that takes, else of a run in the same budget
without predicted reads, whose disk is idle while the dense part (pinned as a whole) computes. The compute of a prompt alone needs --resident-mib.
--lock FILE holds an exclusive lock (flock) around each measurement, for machines on which several people measure."""
import argparse, json, os, subprocess, sys
from pathlib import Path
own, more = (sys.argv[1:sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1:]) if "--" in sys.argv else (sys.argv[1:], [])
ap = argparse.ArgumentParser(usage=__doc__); ap.add_argument("model"); ap.add_argument("--peer"); ap.add_argument("--peer-lib"); ap.add_argument("--binary"); ap.add_argument("--trace"); ap.add_argument("--lock")
for name, default in (("budget-mib", 4096), ("tokens", 32), ("prompt", 8), ("context", 512), ("resident-mib", 0), ("slab-kib", 0), ("seed", 1), ("peer-tokens", 4), ("fio-seconds", 2)): ap.add_argument("--" + name, type=int, default=default)
ap.add_argument("--no-dense", action="store_true", help="leaves the second run out")
a = ap.parse_args(own)
BIN = a.binary or str(Path(__file__).resolve().parents[2] / "src/Host/bin/Release/net10.0/layerstream")
IDS = ",".join(str((1000 + i * 7919) % 20000) for i in range(a.prompt))
LIMIT = a.budget_mib << 20

def fio(sizes):
    best = {}
    for kib in sizes:
        for depth in (8, 16):
            out = subprocess.run(["fio", "--name=r", f"--filename={a.model}", "--direct=1", "--rw=randread", f"--bs={kib}k", f"--iodepth={depth}", "--ioengine=libaio", "--randrepeat=0", "--norandommap", f"--runtime={a.fio_seconds}", "--time_based", "--readonly", "--output-format=json"], capture_output=True, text=True).stdout
            best[f"{kib}k x {depth}"] = json.loads(out[out.index("{"):])["jobs"][0]["read"]["bw_bytes"]
    return best

def drop_caches():
    os.sync(); Path("/proc/sys/vm/drop_caches").write_text("3")

def run(limit, *options, prompt=IDS, tokens=a.tokens):
    """Our program in a cgroup of its own, cold."""
    group = Path(f"/sys/fs/cgroup/memory/layerstream-bench-{os.getpid()}"); group.mkdir(exist_ok=True)
    (group / "memory.limit_in_bytes").write_text(str(limit)); (group / "memory.failcnt").write_text("0"); drop_caches()
    cmd = [BIN, "run", "--json", "--model", a.model, "--memory-budget", str(limit), "--context", str(a.context), "--ids", prompt, "--max-tokens", str(tokens), "--ignore-eos", "--temperature", "1", "--top-k", "0", "--top-p", "1", "--min-p", "0", "--seed", str(a.seed), *options]
    p = subprocess.run(["sh", "-c", f'echo $$ > {group}/tasks; exec "$@"', "sh", *cmd], capture_output=True, text=True)
    peak, fails = int((group / "memory.max_usage_in_bytes").read_text()), int((group / "memory.failcnt").read_text())
    group.rmdir()
    if p.returncode: sys.exit(f"{' '.join(cmd)} failed ({p.returncode}): {p.stderr[-600:]}")
    r = json.loads(p.stdout); r["peak"], r["failcnt"], r["passes"] = peak, fails, max(1, r["generatedTokens"] - 1)
    return r

def dense_seconds(r): return (r["computeSeconds"] - r["expertComputeSeconds"]) / r["passes"]

plan = json.loads(subprocess.run([BIN, "plan", "--json", "--model", a.model, "--memory-budget", str(LIMIT), "--context", str(a.context)], capture_output=True, text=True, check=True).stdout)
routed = plan["experts"]["routedBytesPerToken"] / len(plan["experts"]["slotsPerLayer"]) / plan["experts"]["perToken"]
slab = a.slab_kib or max(64, round(routed / 3 / 4096) * 4)
if a.lock:
    import fcntl
    lock = open(a.lock); fcntl.flock(lock, fcntl.LOCK_EX)
before = fio((slab, 256))
r = run(LIMIT, *([] if not a.trace else ["--trace", a.trace]), *more)
after = fio((slab, 256))
if a.lock: fcntl.flock(lock, fcntl.LOCK_UN); fcntl.flock(lock, fcntl.LOCK_EX) # lets others in
if not a.resident_mib and not a.no_dense: quiet = run(LIMIT, "--predict", "off", *more, tokens=min(a.tokens, 12))
elif a.resident_mib: quiet = run(a.resident_mib << 20, *more, tokens=min(a.tokens, 12))
else: quiet = r
if a.lock: fcntl.flock(lock, fcntl.LOCK_UN)
rate = (max(before.values()) + max(after.values())) / 2
demanded, speed, dense = r["bytesPerToken"], r["passes"] / r["decodeSeconds"], dense_seconds(quiet)
sweep = max(0, os.path.getsize(a.model) - r["pinnedBytes"] - plan["experts"]["residentSlots"] * routed)
out = dict(model=Path(a.model).name, budgetMiB=a.budget_mib, tokensPerSecond=round(speed, 4), bytesPerToken=round(demanded), hitRate=round(r["expertHitRate"], 4), fioBefore=before, fioAfter=after, fioBytesPerSecond=round(rate),
           densePassSeconds=round(dense, 4), densePassSecondsInRun=round(dense_seconds(r), 4), expertComputeSecondsPerPass=round(r["expertComputeSeconds"] / r["passes"], 4), waitSecondsPerPass={k: round(v / r["passes"], 4) for k, v in r["stallSeconds"].items() if v > 0},
           shareOfBar=round(speed * (demanded / rate + dense), 3), shareOfDisk=round(speed * demanded / rate, 3), loadSecondsPerPass=round(r["loadSeconds"] / r["passes"], 4),
           predictedUseful=r["predictedBytesUseful"], predictedWasted=r["predictedBytesWasted"], promptSeconds=round(r["promptSeconds"], 3), promptBytes=r["promptBytes"], promptComputeSeconds=round(r["promptComputeSeconds"], 3), sweepSeconds=round(sweep / rate, 3),
           peakMiB=r["peak"] >> 20, limitMiB=a.budget_mib, failcnt=r["failcnt"], ids=r["ids"])
if not a.no_dense and quiet is not r: out["idsEqual"] = quiet["ids"] == r["ids"][:len(quiet["ids"])]
if a.resident_mib:
    out["promptComputeAloneSeconds"] = round(quiet["promptSeconds"], 3); out["firstToken"] = round(r["promptSeconds"] / max(sweep / rate, quiet["promptSeconds"]), 3)
if a.peer:
    if a.lock: fcntl.flock(lock, fcntl.LOCK_EX)
    drop_caches()
    p = subprocess.run([sys.executable, a.peer, a.model, "--lib", a.peer_lib, "--prefill", str(a.prompt), "--decode", str(a.peer_tokens), "--threads", "2", "--ctx", str(max(512, a.context)), "--mode", "mmap", "--cgroup-mb", str(a.budget_mib), "--cold"], capture_output=True, text=True)
    peer = json.loads(p.stdout.splitlines()[-1]); out["llamaCpp"] = dict(tokensPerSecond=peer["decode_tok_s"], promptSeconds=peer["prefill_s"], readMbPerToken=peer["decode_read_mb_per_token"])
    out["ratioToLlamaCpp"] = round(speed / peer["decode_tok_s"], 2)
print(json.dumps(out))
