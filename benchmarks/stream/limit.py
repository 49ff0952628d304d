#!/usr/bin/env python3
"""Decode in a memory control group against the larger of two times: its own reads replayed by fio, and its compute with everything in memory.
Root and fio are needed. One JSON object on stdout.
  limit.py MODEL --budget-mib 4096 --resident-mib 19500 [--tokens 32] [--prompt 8] [--context 512] [--rounds 3] [-- MORE OPTIONS OF run]
A round is a run, the replay of the reads of its decode passes (`trace export --format fio`, the end of the log), and the same again in the next
round, because the disk's rate changes within minutes. Compute alone is taken once, at the end: memory of that size is slow to come by.
  shareOfLimit            max(replay, compute alone) / wall of the decode passes, each of the rounds and their median; fio reads into huge pages,
                          as the program does where the system gives them
  shareOfLimitSmallPages  the same where fio reads into pages of 4 KiB, its default: up to five times slower where a request of the disk has few parts
  processorShareOfReads   what programs that only count, one for each core, lose while fio makes the run's reads beside them, at the run's rate: reads
                          are not free for the cores that compute
  shareOfBoth             max(replay, compute alone / (1 − processorShareOfReads)) / wall"""
import argparse
import contextlib
import json
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
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
CORES = multiprocessing.cpu_count()
COUNTS = 8  # pairs, alone and beside the reads: a virtual machine has better and worse moments


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


def replay(log, memory, *options):
    """The command that makes the reads of a log into such memory, so many in flight."""
    return ["fio", "--name=replay", f"--read_iolog={log}", "--direct=1", "--ioengine=libaio", f"--iodepth={a.depth}", f"--mem={memory}", "--readonly",
            "--output-format=json", *options]


def replayed(log, memory):
    """Seconds that fio takes for the reads of a log, without waits between them."""
    command = replay(log, memory, "--replay_no_stall=1")
    out = workbench.checked(subprocess.run(command, capture_output=True, text=True), command)
    job = json.loads(out[out.index("{"):])["jobs"][0]
    return job["read"]["runtime"] / 1000, job["read"]["io_bytes"]


def paced(log, rate):
    """A log whose reads begin when as many bytes as those in front of them have had their time at a rate, to a millisecond."""
    lines, total, last = [], 0, 0
    for line in log.splitlines():
        if " read " in line:
            at = int(total / rate * 1000)
            if at > last:
                lines.append(f"{line.split(' ')[0]} wait {at} 0")  # since fio's start
                last = at
            total += int(line.rsplit(" ", 1)[1])
        lines.append(line)
    return "\n".join(lines) + "\n"


def count(seconds):
    """How far a program gets that does nothing but count."""
    end, steps = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for _ in range(1000):
            steps += 1
    return steps


def counted(pool, seconds=2):
    """What a program on each core counts together."""
    return sum(pool.map(count, [seconds] * CORES))


def processor_share(log, memory):
    """Share of the cores' work that the reads of a paced log take."""
    shares = []
    with multiprocessing.Pool(CORES) as pool:
        for _ in range(COUNTS):
            alone = counted(pool)
            reads = subprocess.Popen(replay(log, memory), stdout=subprocess.DEVNULL)
            time.sleep(1)  # it has parsed its log
            beside = counted(pool)
            if reads.poll() is not None:
                sys.exit("the reads ended before the programs that count beside them: ask for more --tokens")
            reads.terminate()
            reads.wait()
            shares.append(1 - beside / alone)
    return statistics.median(shares)


@contextlib.contextmanager
def huge_pages(folder):
    """Memory in huge pages for fio's buffers: a read into scattered pages of 4 KiB is cut into as many parts as a request of the disk may have."""
    count = Path("/proc/sys/vm/nr_hugepages")
    before = count.read_text()
    count.write_text("64")
    subprocess.run(["mount", "-t", "hugetlbfs", "none", folder], check=True)
    try:
        yield f"mmaphuge:{folder}/buffers"
    finally:
        subprocess.run(["umount", folder], check=True)
        count.write_text(before)


rounds = []
with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as pages, huge_pages(pages) as huge:
    for _ in range(a.rounds):
        trace, log = Path(folder) / "run.lstrace", Path(folder) / "reads.log"
        r = run(LIMIT, "--trace", trace)
        passes = r["generatedTokens"] - 1
        lines = workbench.checked(subprocess.run([workbench.PROGRAM, "trace", "export", trace, "--format", "fio", "--quiet"], capture_output=True, text=True),
                                  ["trace", "export"]).splitlines()
        log.write_text(decode_log(lines, r["bytesPerToken"] * passes))
        for key, memory in (("replay", huge), ("replaySmallPages", "malloc")):
            seconds, byte_count = replayed(log, memory)
            r[key] = seconds * r["bytesPerToken"] * passes / byte_count
        rounds.append(r)
    alone = run(a.resident_mib << 20)
    log.write_text(paced(log.read_text(), rounds[-1]["bytesPerToken"] * passes / rounds[-1]["decodeSeconds"]))
    taken = processor_share(log, huge)
shares = {key: [max(r[key], alone["decodeSeconds"]) / r["decodeSeconds"] for r in rounds] for key in ("replay", "replaySmallPages")}
print(json.dumps(dict(
    model=Path(a.model).name, budgetMiB=a.budget_mib, tokensPerSecond=[round(workbench.decode_rate(r), 3) for r in rounds],
    wallSeconds=[round(r["decodeSeconds"], 3) for r in rounds], replaySeconds=[round(r["replay"], 3) for r in rounds],
    replaySmallPagesSeconds=[round(r["replaySmallPages"], 3) for r in rounds],
    computeAloneSeconds=round(alone["decodeSeconds"], 3), bytesPerToken=round(rounds[0]["bytesPerToken"]),
    shareOfLimit=[round(s, 3) for s in shares["replay"]], median=round(statistics.median(shares["replay"]), 3),
    shareOfLimitSmallPages=[round(s, 3) for s in shares["replaySmallPages"]],
    processorShareOfReads=round(taken, 3),
    shareOfBoth=[round(max(r["replay"], alone["decodeSeconds"] / (1 - taken)) / r["decodeSeconds"], 3) for r in rounds],
    peakMiB=max(r["peakMiB"] for r in rounds), failcnt=max(r["failcnt"] for r in rounds),
    idsEqual=all(r["ids"] == alone["ids"] for r in rounds))))
