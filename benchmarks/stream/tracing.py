#!/usr/bin/env python3
"""What recording a trace costs, and what a reader of the live trace costs: pairs in an order drawn anew, the median of their ratios and its 95 % interval.
  tracing.py record [--pairs 20] [--tokens 256] [--model FILE] [--budget 1GiB]   run with the ring of the trace, and with --trace off
  tracing.py live   [--pairs 20] [--tokens 256] [--model FILE] [--budget 1GiB]   one streamed answer of a daemon, a reader of /v1/layerstream/trace/live coming and going meanwhile"""
import argparse
import json
import math
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import workbench

BLOCK = 24  # pieces of a streamed answer
SHIPPED = str(Path(__file__).resolve().parents[2] / "models/SmolLM2-135M-Instruct-Q4_1.gguf")


def report(what, ratios):
    """Time with ÷ time without: more than 1 is a cost. A machine that others use hides a per cent behind ten: see TraceCostTests for recording within one run."""
    ordered = sorted(ratios)
    rank = max(0, int(len(ratios) / 2 - 0.98 * math.sqrt(len(ratios))))  # of the bounds of the median, by the binomial
    print(json.dumps(dict(what=what, pairs=len(ratios), costPercent=round(100 * (statistics.median(ratios) - 1), 2),
                          interval=[round(100 * (ordered[r] - 1), 2) for r in (rank, -1 - rank)], ratios=[round(r, 4) for r in ratios])))


def pairs(a, one):
    ratios = []
    for _ in range(a.pairs):
        order = [True, False]
        random.shuffle(order)
        seconds = {flag: one(flag) for flag in order}
        ratios.append(seconds[True] / seconds[False])
    return ratios


def record(a):
    def one(records):
        found = workbench.result([a.binary, "run", "--model", a.model, "--ids", workbench.prompt_ids(8), "--max-tokens", a.tokens, "--ignore-eos", "--temperature", 0,
                                  "--context", 1024, "--memory-budget", a.budget, "--json", "--quiet", "--profile", "off", *([] if records else ["--trace", "off"])])
        return found["decodeSeconds"]

    one(True)
    report("recording", pairs(a, one))


def live(a):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    daemon = subprocess.Popen([a.binary, "serve", "--urls", base, "--model", a.model, "--memory-budget", a.budget, "--context", "1024", "--profile", "off"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    got = dict(bytes=0)

    def reader(stop):
        with urllib.request.urlopen(base + "/v1/layerstream/trace/live", timeout=60) as stream:
            while not stop.is_set():
                got["bytes"] += len(stream.readline())

    def ratios():
        """One long streamed answer; while it comes, the reader is there for a block of pieces and away for the next. The first half of a block is not counted."""
        body = json.dumps(dict(messages=[dict(role="user", content="Tell a story")], max_tokens=a.tokens, ignore_eos=True, temperature=0, stream=True)).encode()
        request = urllib.request.Request(base + "/v1/chat/completions", body, {"Content-Type": "application/json"})
        seconds, stop, pieces, last, first, times = {True: [], False: []}, None, 0, 0.0, True, []
        with urllib.request.urlopen(request, timeout=300) as reply:
            for line in reply:
                if not line.startswith(b"data: {"):
                    continue
                block, place = divmod(pieces, BLOCK)
                if place == 0:
                    if pieces:
                        seconds[stop is not None].append(statistics.median(times))
                    if block % 2 == 0:
                        first = random.random() < 0.5
                    if stop:
                        stop.set()
                        stop = None
                    if first == (block % 2 == 0):
                        stop = threading.Event()
                        threading.Thread(target=reader, args=(stop,), daemon=True).start()
                    times = []
                elif place > BLOCK // 2:
                    times.append(time.perf_counter() - last)
                last = time.perf_counter()
                pieces += 1
        if stop:
            stop.set()
        return [r / n for r, n in zip(seconds[True], seconds[False])]

    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(base + "/health", timeout=5).close()
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        found = []
        while len(found) < a.pairs:
            found += ratios()
        report("a reader of the live trace", found)
        print(json.dumps(dict(liveBytesRead=got["bytes"])), file=sys.stderr)
    finally:
        daemon.terminate()
        daemon.wait()


ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("what", choices=("record", "live"))
ap.add_argument("--model", default=SHIPPED)
ap.add_argument("--binary", default=workbench.PROGRAM)
ap.add_argument("--budget", default="1GiB")
for name, default in (("pairs", 20), ("tokens", 256)):
    ap.add_argument("--" + name, type=int, default=default)
a = ap.parse_args()
dict(record=record, live=live)[a.what](a)
