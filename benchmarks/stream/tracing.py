#!/usr/bin/env python3
"""What recording a trace costs, and what a reader of the live trace costs: pairs in an order drawn anew, the mean of their ratios and its 95 % interval.
  tracing.py record [--pairs 20] [--tokens 256] [--model FILE] [--budget 1GiB]   run with the ring of the trace, and with --trace off
  tracing.py live   [--pairs 20] [--tokens 256] [--model FILE] [--budget 1GiB]   answers of one daemon, with a reader of /v1/layerstream/trace/live and without"""
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

SHIPPED = str(Path(__file__).resolve().parents[2] / "models/SmolLM2-135M-Instruct-Q4_1.gguf")


def report(what, ratios):
    """Time with ÷ time without: more than 1 is a cost."""
    logs = [math.log(r) for r in ratios]
    middle, half = statistics.mean(logs), 2.09 * statistics.stdev(logs) / math.sqrt(len(logs))  # t of 19 degrees of freedom
    print(json.dumps(dict(what=what, pairs=len(ratios), costPercent=round(100 * (math.exp(middle) - 1), 2),
                          interval=[round(100 * (math.exp(middle + s * half) - 1), 2) for s in (-1, 1)], ratios=[round(r, 4) for r in ratios])))


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

    def reader(stop, opened):
        with urllib.request.urlopen(base + "/v1/layerstream/trace/live", timeout=60) as stream:
            opened.set()
            while not stop.is_set():
                got["bytes"] += len(stream.readline())

    def one(reads):
        stop, opened = threading.Event(), threading.Event()
        thread = threading.Thread(target=reader, args=(stop, opened), daemon=True)
        if reads:
            thread.start()
            opened.wait(30)
        body = json.dumps(dict(messages=[dict(role="user", content="Tell a story")], max_tokens=a.tokens, ignore_eos=True, temperature=0)).encode()
        request = urllib.request.Request(base + "/v1/chat/completions", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=300) as reply:
            timings = json.load(reply)["timings"]
        stop.set()
        return timings["predicted_ms"] / timings["predicted_n"]

    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(base + "/health", timeout=5).close()
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        one(True)
        report("a reader of the live trace", pairs(a, one))
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
