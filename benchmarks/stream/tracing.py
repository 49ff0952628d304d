#!/usr/bin/env python3
"""What recording a trace costs, and what a reader of the live trace costs, of a model in memory. Turns with and without alternate within one process, in an order
drawn anew for each pair, so that what else goes on concerns both; the median of their ratios and its 95 % interval. On a machine that does nothing else, either
ends within 200 s.
  tracing.py record                                     200 pairs of turns of 16 tokens within runs of one engine (TraceCostTests, which must have been built)
  tracing.py live [--pairs 100] [--tokens 900] [--seconds 170] [--model FILE] [--budget 1GiB]
                                                        streamed answers of a daemon; a process reads /v1/layerstream/trace/live in every other turn of 24 pieces"""
import argparse
import json
import math
import os
import random
import select
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import workbench

BLOCK = 24  # pieces of a streamed answer; the first few of a turn are not counted
SETTLING = 4
ROOT = Path(__file__).resolve().parents[2]
SHIPPED = str(ROOT / "models/SmolLM2-135M-Instruct-Q4_1.gguf")


def report(what, ratios):
    """Time with ÷ time without: more than 1 is a cost."""
    ordered = sorted(ratios)
    rank = max(0, int(len(ratios) / 2 - 0.98 * math.sqrt(len(ratios))))  # of the bounds of the median, by the binomial
    print(json.dumps(dict(what=what, pairs=len(ratios), costPercent=round(100 * (statistics.median(ratios) - 1), 2),
                          interval=[round(100 * (ordered[r] - 1), 2) for r in (rank, -1 - rank)])))


def record(_):
    tests = ROOT / "tests/Pipeline.Tests/bin/Release/net10.0/Pipeline.Tests.dll"
    done = subprocess.run(["dotnet", str(tests), "-class", "*TraceCostTests", "-diagnostics", "-nocolor"], env=os.environ | dict(LAYERSTREAM_MEASURE="1"),
                          capture_output=True, text=True)
    print(next((line.strip() for line in done.stdout.splitlines() if "recording costs" in line), done.stdout[-600:]))
    sys.exit(done.returncode)


def read_when_told(url):
    """A process of its own: on a line "1" it follows the live trace, on "0" it leaves it."""
    address = (url.split("/")[2].split(":")[0], int(url.split(":")[-1]))
    stream = None
    while True:
        ready, _, _ = select.select([sys.stdin] + ([stream] if stream else []), [], [])
        if stream in ready and not stream.recv(1 << 16):
            sys.exit("the daemon ended the live trace")
        if sys.stdin in ready:
            told = os.read(0, 1)
            if not told:
                return
            if told == b"1":
                stream = socket.create_connection(address)
                stream.sendall(b"GET /v1/layerstream/trace/live HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
            elif told == b"0" and stream:
                stream.close()
                stream = None


def answer(a, base, reader, seed):
    """One long streamed answer: the ratios of its pairs of turns, time of a piece with the reader ÷ without."""
    body = dict(messages=[dict(role="user", content="Tell a story")], max_tokens=a.tokens, ignore_eos=True, temperature=1, seed=seed, stream=True)
    seconds, reads, pieces, last, times = {True: [], False: []}, False, 0, 0.0, []
    with workbench.post(base + "/v1/chat/completions", body, 300) as reply:
        for line in reply:
            if not line.startswith(b"data: {"):
                continue
            now = time.perf_counter()
            turn, place = divmod(pieces - BLOCK, BLOCK)  # the first turn warms up
            if place > SETTLING and turn >= 0:
                times.append(now - last)
            last, pieces = now, pieces + 1
            if place == 0 and turn >= 0:
                if times:
                    seconds[reads].append(statistics.median(times))
                reads, times = (random.random() < 0.5 if turn % 2 == 0 else not reads), []
                reader.stdin.write(b"1" if reads else b"0")
                reader.stdin.flush()
    reader.stdin.write(b"0")
    reader.stdin.flush()
    return [r / n for r, n in zip(seconds[True], seconds[False])]


def live(a):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{s.getsockname()[1]}"
    daemon = subprocess.Popen([a.binary, "serve", "--urls", base, "--model", a.model, "--memory-budget", a.budget, "--context", "1024", "--profile", "off"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    reader = None
    try:
        workbench.wait_until_ready(daemon, base)
        reader = subprocess.Popen([sys.executable, __file__, "reader", "--url", base], stdin=subprocess.PIPE)
        answer(a, base, reader, 0)  # warms up
        found, began = [], time.monotonic()
        while len(found) < a.pairs and time.monotonic() - began < a.seconds:
            found += answer(a, base, reader, len(found))
        report("a reader of the live trace", found)
    finally:
        if reader:
            reader.kill()
            reader.wait()
        daemon.terminate()
        daemon.wait()


ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("what", choices=("record", "live", "reader"))
ap.add_argument("--model", default=SHIPPED)
ap.add_argument("--binary", default=workbench.PROGRAM)
ap.add_argument("--budget", default="1GiB")
ap.add_argument("--url")
for name, default in (("pairs", 100), ("tokens", 900), ("seconds", 170)):
    ap.add_argument("--" + name, type=int, default=default)
a = ap.parse_args()
dict(record=record, live=live, reader=lambda a: read_when_told(a.url))[a.what](a)
