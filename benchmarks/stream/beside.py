#!/usr/bin/env python3
"""Prompt and decode speed of a dense model beside llama.cpp, one after the other on the same machine. One JSON object on stdout.
  beside.py MODEL --peer llamacpp_peer.py --peer-lib DIR [--prompt 512] [--tokens 32] [--threads 2]
      all in memory; llama.cpp with its best kernels and with its AVX2 library, repacking weights or not
  beside.py MODEL --peer … --peer-lib DIR --budget-mib 2048 --prompt 1000 --tokens 1
      in a memory cgroup (v1; root and fio are needed), cold; llama.cpp maps the file in a cgroup of the same size"""
import argparse, json, os, subprocess, sys, tempfile
from pathlib import Path
ap = argparse.ArgumentParser(usage=__doc__); ap.add_argument("model"); ap.add_argument("--peer", required=True); ap.add_argument("--peer-lib", required=True); ap.add_argument("--binary")
for name, default in (("prompt", 512), ("tokens", 32), ("threads", 2), ("budget-mib", 0)): ap.add_argument("--" + name, type=int, default=default)
a = ap.parse_args(); context = a.prompt + a.tokens + 32
BIN = a.binary or str(Path(__file__).resolve().parents[2] / "src/Host/bin/Release/net10.0/layerstream")

def fio():
    out = subprocess.run(["fio", "--name=r", f"--filename={a.model}", "--direct=1", "--rw=read", "--bs=4M", "--iodepth=8", "--ioengine=libaio", "--runtime=4", "--time_based", "--readonly", "--output-format=json"], capture_output=True, text=True).stdout
    return json.loads(out[out.index("{"):])["jobs"][0]["read"]["bw_bytes"]

def ours(budget_mib, group=None):
    with tempfile.NamedTemporaryFile("w", suffix=".ids") as ids:
        ids.write(",".join(str((1000 + i * 7919) % 20000) for i in range(a.prompt))); ids.flush()
        cmd = [BIN, "run", "--json", "--quiet", "--model", a.model, "--context", str(context), "--ids", "@" + ids.name, "--max-tokens", str(a.tokens + 1), "--ignore-eos", "--temperature", "0", "--threads", str(a.threads)] + (["--memory-budget", f"{budget_mib}MiB"] if budget_mib else [])
        p = subprocess.run(["sh", "-c", f'echo $$ > {group}/tasks; exec "$@"', "sh", *cmd] if group else cmd, capture_output=True, text=True)
    if p.returncode: sys.exit(f"layerstream failed ({p.returncode}): {p.stderr[-600:]}")
    r = json.loads(p.stdout)
    return r | dict(promptTokensPerSecond=a.prompt / r["promptSeconds"], decodeTokensPerSecond=(r["generatedTokens"] - 1) / r["decodeSeconds"])

def peer(*options):
    p = subprocess.run([sys.executable, a.peer, a.model, "--lib", a.peer_lib, "--prefill", str(a.prompt), "--decode", str(a.tokens), "--threads", str(a.threads), "--ctx", str(context), *options], capture_output=True, text=True)
    r = json.loads(p.stdout.splitlines()[-1]); return dict(prompt=r["prefill_tok_s"], decode=r["decode_tok_s"], promptSeconds=r["prefill_s"])

if a.budget_mib:
    group = Path(f"/sys/fs/cgroup/memory/layerstream-bench-{os.getpid()}"); group.mkdir()
    (group / "memory.limit_in_bytes").write_text(str(a.budget_mib << 20)); os.sync(); Path("/proc/sys/vm/drop_caches").write_text("3")
    before = fio(); r = ours(a.budget_mib, group); after = fio()
    peak, fails = int((group / "memory.max_usage_in_bytes").read_text()), int((group / "memory.failcnt").read_text()); group.rmdir()
    alone = ours(0); p = peer("--mode", "mmap", "--cgroup-mb", str(a.budget_mib), "--cold")
    out = dict(promptSeconds=r["promptSeconds"], promptSecondsResident=alone["promptSeconds"], ratioToResident=r["promptSeconds"] / alone["promptSeconds"], promptBytes=r["promptBytes"], fioBytesPerSecond=[before, after],
               idsEqual=r["ids"] == alone["ids"], peakMiB=peak >> 20, failcnt=fails, llamaCpp=p, timesLlamaCpp=p["promptSeconds"] / r["promptSeconds"])
else:
    variants = {"best": (), "best, repacked": ("--repack",), "AVX2": ("--cpu-lib", "libggml-cpu-haswell.so"), "AVX2, repacked": ("--cpu-lib", "libggml-cpu-haswell.so", "--repack")}
    first = ours(0); peers = {name: peer("--mode", "none", *options) for name, options in variants.items()}; last = ours(0)
    out = dict(prompt=[first["promptTokensPerSecond"], last["promptTokensPerSecond"]], decode=[first["decodeTokensPerSecond"], last["decodeTokensPerSecond"]], llamaCpp=peers,
               timesBestPrompt=min(first["promptTokensPerSecond"], last["promptTokensPerSecond"]) / max(p["prompt"] for p in peers.values()), timesBestDecode=min(first["decodeTokensPerSecond"], last["decodeTokensPerSecond"]) / max(p["decode"] for p in peers.values()))
print(json.dumps(dict(model=Path(a.model).name, promptTokens=a.prompt) | out))
