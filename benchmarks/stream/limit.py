#!/usr/bin/env python3
"""Decode in a memory control group against the larger of two times: its own reads replayed by fio, and its compute with everything in memory.
Root and fio are needed. One JSON object on stdout.
  limit.py MODEL --budget-mib 4096 --resident-mib 19500 [--tokens 32] [--prompt 8] [--context 512] [--rounds 3] [-- MORE OPTIONS OF run]
A round is a run, the replay of the reads of its decode passes (`trace export --format fio`, the end of the log), and a run with everything in
memory; the next round does all of it again, because the machine's rates change within minutes. Reads are not free for the cores that compute, so in
turns of three seconds fio makes the run's reads beside the run in memory, at the run's rate; the disk's own count says which passes had them.
  shareOfLimit            max(replay, compute alone) / wall of the decode passes, each of the rounds and their median; fio reads into huge pages,
                          as the program does where the system gives them
  shareOfLimitSmallPages  the same where fio reads into pages of 4 KiB, its default: up to five times slower where a request of the disk has few parts
  shareOfBoth             max(replay, compute beside such reads) / wall: what is left to a program whose reads and compute never wait for each other
  medianPassMs            of each round, a pass streamed, in memory, and in memory beside such reads
Of a model that memory does not hold, give --compute-seconds, for a token, and a cut of it with fewer layers as --resident-model: reads slow that by
the same factor."""
import argparse
import bisect
import contextlib
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import workbench

split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
own, more = sys.argv[1:split], sys.argv[split + 1:]
ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("model")
for name, default in (("budget-mib", 4096), ("resident-mib", 19500), ("tokens", 32), ("prompt", 8), ("context", 512), ("rounds", 3), ("depth", 12),
                      ("resident-tokens", 400)):
    ap.add_argument("--" + name, type=int, default=default)
ap.add_argument("--resident-model")
ap.add_argument("--compute-seconds", type=float)
a = ap.parse_args(own)
LIMIT = a.budget_mib << 20
TURN = 3  # seconds with reads and without
FIRST = 8  # passes in which code and predictions are still warming up
LEAST = 20  # passes with reads and without


def run(model, limit, tokens, trace):
    return workbench.result([workbench.PROGRAM, "run", "--json", "--quiet", "--model", model, "--memory-budget", limit, "--context", a.context, "--ids",
                             workbench.prompt_ids(a.prompt), "--max-tokens", tokens, "--ignore-eos", "--temperature", 1, "--top-k", 0, "--top-p", 1,
                             "--min-p", 0, "--seed", 1, "--trace", trace, *more], limit)


def exported(trace, form):
    """The lines of a trace in another form."""
    command = [workbench.PROGRAM, "trace", "export", trace, "--format", form, "--quiet"]
    return workbench.checked(subprocess.run(command, capture_output=True, text=True), command).splitlines()


def passes_of(trace):
    """When the decode passes of a trace began and ended, in seconds since 1970, those at the beginning left out."""
    spans = (span for line in exported(trace, "otlp") for resource in json.loads(line)["resourceSpans"] for scope in resource["scopeSpans"]
             for span in scope["spans"] if span["name"] == "layerstream.token")
    return sorted((int(span["startTimeUnixNano"]) / 1e9, int(span["endTimeUnixNano"]) / 1e9) for span in spans)[FIRST:]


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


def in_turns(log, rate, seconds=300):
    """A log that makes its reads again and again, each when those in front of it have had their time at a rate, and every other turn none."""
    head = [line for line in log.splitlines() if " read " not in line and not line.endswith(" close")]
    reads = [line for line in log.splitlines() if " read " in line]
    lines, total, last = [], 0, 0
    for line in itertools.cycle(reads):
        at = total / rate
        at = int((at + at // TURN * TURN) * 1000)  # since fio's start
        if at > seconds * 1000:
            return "\n".join(head + lines) + "\n"
        if at > last:
            lines.append(f"{line.split(' ')[0]} wait {at} 0")
            last = at
        total += int(line.rsplit(" ", 1)[1])
        lines.append(line)


class DeviceReads:
    """What the disk of a file has read, looked at fifty times a second while it is entered."""

    def __init__(self, path):
        device = os.stat(path).st_dev
        self._counts = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat")
        self._seen, self._stop, self._thread = [], threading.Event(), threading.Thread(target=self._look)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _look(self):
        while not self._stop.wait(0.02):
            self._seen.append((time.time(), int(self._counts.read_text().split()[2]) * 512))

    def rate(self, begin, end):
        """Bytes per second between two times."""
        return (self._bytes_at(end) - self._bytes_at(begin)) / (end - begin)

    def _bytes_at(self, moment):
        after = min(max(1, bisect.bisect(self._seen, (moment,))), len(self._seen) - 1)
        (t0, b0), (t1, b1) = self._seen[after - 1:after + 1]
        return b0 + (b1 - b0) * (moment - t0) / (t1 - t0)


def resident(log, memory, rate, trace):
    """The result of a run with everything in memory, and the seconds of its passes without reads beside them, and with."""
    model = a.resident_model or a.model
    with DeviceReads(a.model) as disk, subprocess.Popen(replay(log, memory), stdout=subprocess.DEVNULL) as reads:
        try:
            result = run(model, a.resident_mib << 20, a.resident_tokens, trace)
            if reads.poll() is not None:
                sys.exit("the reads ended before the run that they stood beside: ask for fewer --resident-tokens")
        finally:
            reads.terminate()
    alone, beside = [], []
    for begin, end in passes_of(trace):
        share = disk.rate(begin, end) / rate
        if share < 0.02:
            alone.append(end - begin)
        elif 0.6 < share < 1.6:
            beside.append(end - begin)
    if min(len(alone), len(beside)) < LEAST:
        sys.exit(f"only {len(alone)} passes without reads and {len(beside)} with: ask for more --resident-tokens, and --context")
    return result, alone, beside


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


def rounded(values, factor=1, digits=3):
    return [round(v * factor, digits) for v in values]


rounds = []
with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as pages, huge_pages(pages) as huge:
    trace, log = Path(folder) / "run.lstrace", Path(folder) / "reads.log"
    for _ in range(a.rounds):
        r = run(a.model, LIMIT, a.tokens, trace)
        passes = r["generatedTokens"] - 1
        r["medianPass"] = statistics.median(end - begin for begin, end in passes_of(trace))
        log.write_text(decode_log(exported(trace, "fio"), r["bytesPerToken"] * passes))
        for key, memory in (("replay", huge), ("replaySmallPages", "malloc")):
            seconds, byte_count = replayed(log, memory)
            r[key] = seconds * r["bytesPerToken"] * passes / byte_count
        rate = r["bytesPerToken"] / r["medianPass"]
        log.write_text(in_turns(log.read_text(), rate))
        in_memory, alone, beside = resident(log, huge, rate, trace)
        r["compute"] = (a.compute_seconds or statistics.mean(alone)) * passes
        r["computeBesideReads"] = r["compute"] * statistics.mean(beside) / statistics.mean(alone)
        r["medianPassMs"] = rounded((r["medianPass"], statistics.median(alone), statistics.median(beside)), 1e3, 1)
        r["idsEqual"] = a.resident_model is not None or r["ids"] == in_memory["ids"][:len(r["ids"])]
        rounds.append(r)


def each(key):
    return rounded(r[key] for r in rounds)


def shares(reads, compute):
    return rounded(max(r[reads], r[compute]) / r["decodeSeconds"] for r in rounds)


print(json.dumps(dict(
    model=Path(a.model).name, budgetMiB=a.budget_mib, tokensPerSecond=rounded(workbench.decode_rate(r) for r in rounds),
    wallSeconds=each("decodeSeconds"), replaySeconds=each("replay"), replaySmallPagesSeconds=each("replaySmallPages"),
    computeSeconds=each("compute"), computeBesideReadsSeconds=each("computeBesideReads"), bytesPerToken=round(rounds[0]["bytesPerToken"]),
    shareOfLimit=shares("replay", "compute"), median=statistics.median(shares("replay", "compute")),
    shareOfLimitSmallPages=shares("replaySmallPages", "compute"), shareOfBoth=shares("replay", "computeBesideReads"),
    medianPassMs=[r["medianPassMs"] for r in rounds], peakMiB=max(r["peakMiB"] for r in rounds), failcnt=max(r["failcnt"] for r in rounds),
    idsEqual=all(r["idsEqual"] for r in rounds))))
