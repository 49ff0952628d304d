#!/usr/bin/env python3
"""Decode in a memory control group against the larger of two times: its own reads replayed by fio, and its compute with everything in memory.
Root and fio are needed. One JSON object on stdout.
  limit.py MODEL --budget-mib 4096 --resident-mib 19500 [--tokens 32] [--prompt 8] [--context 512] [--rounds 3] [-- MORE OPTIONS OF run]
A round is a run, the replay of the reads of its decode passes (`trace export --format fio`, the end of the log), and the same again in the next
round, because the disk's rate changes within minutes. Compute alone is taken once, at the end: memory of that size is slow to come by.
  shareOfLimit  max(replay, compute alone) / wall of the decode passes, each of the rounds and their median"""
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import workbench

split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
own, more = sys.argv[1:split], sys.argv[split + 1:]
ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("model")
for name, default in (("budget-mib", 4096), ("resident-mib", 19500), ("tokens", 32), ("prompt", 8), ("context", 512), ("rounds", 3), ("depth", 12)):
    ap.add_argument("--" + name, type=int, default=default)
a = ap.parse_args(own)
LIMIT = a.budget_mib << 20


def run(limit, *options):
    return workbench.result([workbench.PROGRAM, "run", "--json", "--quiet", "--model", a.model, "--memory-budget", limit, "--context", a.context, "--ids",
                             workbench.prompt_ids(a.prompt), "--max-tokens", a.tokens, "--ignore-eos", "--temperature", 1, "--top-k", 0, "--top-p", 1,
                             "--min-p", 0, "--seed", 1, *options, *more], limit)


def decode_log(lines, byte_count):
    """The log with the last reads only, those of byte_count bytes."""
    reads = [i for i, line in enumerate(lines) if " read " in line]
    kept, total = set(), 0
    for i in reversed(reads):
        if total >= byte_count:
            break
        kept.add(i)
        total += int(lines[i].rsplit(" ", 1)[1])
    return "\n".join(line for i, line in enumerate(lines) if i in kept or " read " not in line) + "\n"


def replayed(log):
    """Seconds that fio takes for the reads of a log, so many in flight, without waits between them."""
    command = ["fio", "--name=replay", f"--read_iolog={log}", "--replay_no_stall=1", "--direct=1", "--ioengine=libaio", f"--iodepth={a.depth}",
               "--readonly", "--output-format=json"]
    out = workbench.checked(subprocess.run(command, capture_output=True, text=True), command)
    job = json.loads(out[out.index("{"):])["jobs"][0]
    return job["read"]["runtime"] / 1000, job["read"]["io_bytes"]


rounds = []
with tempfile.TemporaryDirectory() as folder:
    for _ in range(a.rounds):
        trace, log = Path(folder) / "run.lstrace", Path(folder) / "reads.log"
        r = run(LIMIT, "--trace", trace)
        passes = r["generatedTokens"] - 1
        lines = workbench.checked(subprocess.run([workbench.PROGRAM, "trace", "export", trace, "--format", "fio", "--quiet"], capture_output=True, text=True),
                                  ["trace", "export"]).splitlines()
        log.write_text(decode_log(lines, r["bytesPerToken"] * passes))
        seconds, byte_count = replayed(log)
        rounds.append(dict(r, replay=seconds * r["bytesPerToken"] * passes / byte_count))
alone = run(a.resident_mib << 20)
shares = [max(r["replay"], alone["decodeSeconds"]) / r["decodeSeconds"] for r in rounds]
print(json.dumps(dict(
    model=Path(a.model).name, budgetMiB=a.budget_mib, tokensPerSecond=[round(workbench.decode_rate(r), 3) for r in rounds],
    wallSeconds=[round(r["decodeSeconds"], 3) for r in rounds], replaySeconds=[round(r["replay"], 3) for r in rounds],
    computeAloneSeconds=round(alone["decodeSeconds"], 3), bytesPerToken=round(rounds[0]["bytesPerToken"]), shareOfLimit=[round(s, 3) for s in shares],
    median=round(statistics.median(shares), 3), peakMiB=max(r["peakMiB"] for r in rounds), failcnt=max(r["failcnt"] for r in rounds),
    idsEqual=all(r["ids"] == alone["ids"] for r in rounds))))
