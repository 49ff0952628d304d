#!/usr/bin/env python3
"""Streams a model in a memory cgroup (v1) and compares with the device and, optionally, with llama.cpp in the same cgroup.
Root and fio are needed. One JSON line on stdout; the disk is measured before and after, and a pair more than 10 % apart is repeated.
  run.py MODEL --budget-mib 2048 [--tokens 12] [--depth N] [--context 512] [--peer llamacpp_peer.py --peer-lib DIR]"""
import argparse, json, os, subprocess, sys
from pathlib import Path
ap = argparse.ArgumentParser(); ap.add_argument("model"); ap.add_argument("--budget-mib", type=int, default=2048); ap.add_argument("--tokens", type=int, default=12)
ap.add_argument("--depth", default="auto"); ap.add_argument("--context", type=int, default=512); ap.add_argument("--peer"); ap.add_argument("--peer-lib"); ap.add_argument("--tries", type=int, default=4)
a = ap.parse_args()
BIN = Path(__file__).resolve().parents[2] / "src/Host/bin/Release/net10.0/layerstream"
IDS = ",".join(str((1000 + i * 7919) % 20000) for i in range(8))

def fio():
    out = subprocess.run(["fio", "--name=r", f"--filename={a.model}", "--direct=1", "--rw=read", "--bs=4M", "--iodepth=8", "--ioengine=libaio", "--runtime=5", "--time_based", "--readonly", "--output-format=json"], capture_output=True, text=True).stdout
    return json.loads(out[out.index("{"):])["jobs"][0]["read"]["bw_bytes"]

def in_cgroup(cmd):
    group = Path(f"/sys/fs/cgroup/memory/layerstream-bench-{os.getpid()}"); group.mkdir(exist_ok=True)
    (group / "memory.limit_in_bytes").write_text(str(a.budget_mib << 20))
    os.sync(); Path("/proc/sys/vm/drop_caches").write_text("3")
    p = subprocess.run(["sh", "-c", f'echo $$ > {group}/tasks; exec "$@"', "sh", *cmd], capture_output=True, text=True)
    peak, fails = int((group / "memory.max_usage_in_bytes").read_text()), int((group / "memory.failcnt").read_text())
    group.rmdir()
    if p.returncode: sys.exit(f"{cmd[0]} failed ({p.returncode}): {p.stderr[-600:]}")
    return json.loads(p.stdout), peak, fails

for attempt in range(a.tries):
    before = fio()
    r, peak, fails = in_cgroup([str(BIN), "run", "--json", "--model", a.model, "--memory-budget", f"{a.budget_mib}MiB", "--context", str(a.context), "--prefetch-depth", a.depth, "--ids", IDS, "--max-tokens", str(a.tokens), "--ignore-eos", "--temperature", "0"])
    after = fio()
    if abs(before - after) <= 0.1 * max(before, after): break
rate, speed = (before + after) / 2, (r["generatedTokens"] - 1) / r["decodeSeconds"]
out = dict(tokensPerSecond=round(speed, 4), bytesPerToken=r["bytesPerToken"], fioBytesPerSecond=[before, after], shareOfDisk=round(speed * r["bytesPerToken"] / rate, 3), pinnedShareOfBudget=round(r["pinnedBytes"] / r["budgetBytes"], 3),
           load=round(r["loadSeconds"], 2), compute=round(r["computeSeconds"], 2), wall=round(r["decodeSeconds"], 2), overlapShare=round(r["overlapShare"], 3), stalls=r["stallSeconds"], cgroupPeakMiB=peak >> 20, failcnt=fails, depth=r["prefetchDepth"], attempts=attempt + 1)
if a.peer:
    p, _, _ = (json.loads(subprocess.run([sys.executable, a.peer, a.model, "--lib", a.peer_lib, "--prefill", "8", "--decode", "4", "--threads", "2", "--ctx", "512", "--mode", "mmap", "--cgroup-mb", str(a.budget_mib), "--cold"], capture_output=True, text=True).stdout.splitlines()[-1]), 0, 0)
    out["llamaCpp"] = p["decode_tok_s"]; out["ratioToLlamaCpp"] = round(speed / p["decode_tok_s"], 2)
print(json.dumps(out))
