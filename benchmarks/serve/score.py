#!/usr/bin/env python3
"""Closed questions side by side, in a memory control group: time of all of them by the number that share a sweep, beside reads and compute of the same
run, and whether every probability is the same. Each question has 128 tokens that all share and 16 of its own. Root is needed. One JSON line for each number.
  score.py MODEL --budget-mib 2048 [--questions 64] [--sequences 1,8]"""
import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "stream"))
import workbench
from memory_group import MemoryGroup

SHARED, OWN = 128, 16
WORDS = "river engine garden winter letter harbour copper evening window market summer mountain paper silver kitchen village".split()

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("model")
ap.add_argument("--sequences", default="1,8")
for name, default in (("budget-mib", 2048), ("questions", 64)):
    ap.add_argument("--" + name, type=int, default=default)
a = ap.parse_args()


def words(seed, count):
    chosen = random.Random(seed)
    return " ".join(chosen.choice(WORDS) for _ in range(count))


def measure(count, file):
    workbench.drop_page_cache()
    with MemoryGroup(a.budget_mib << 20) as group:
        begin = time.monotonic()
        done = group.run([workbench.PROGRAM, "score", file, "--model", a.model, "--memory-budget", a.budget_mib << 20, "--sequences", count],
                         capture_output=True)
        if done.returncode:
            sys.exit(done.stderr[-800:])
        found = re.findall(r"(\d+) questions in ([\d.]+) s: (\d+) passes with (\d+) rows, (.*) read in ([\d.]+) s, computed ([\d.]+) s", done.stderr)[-1]
        _, wall, passes, rows, read, reading, computing = found
        return done.stdout, dict(
            sequences=count, questions=a.questions, seconds=float(wall), passes=int(passes), rows=int(rows), read=read, readSeconds=float(reading),
            computeSeconds=float(computing), timesTheLonger=round(float(wall) / max(float(reading), float(computing)), 3),
            withLoading=round(time.monotonic() - begin, 1), peakMiB=group.peak_bytes >> 20, failcnt=group.failed_charges)


def figures(text):
    return [[(c["text"], c["probability"]) for c in json.loads(line)["choices"]] for line in text.splitlines()]


with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
    beginning = words(0, SHARED)
    for number in range(a.questions):
        print(json.dumps(dict(id=number, prompt=f"{beginning} {words(number + 1, OWN)}", choices=[" yes", " no", " maybe"])), file=file)
    file.flush()
    first = None
    for count in map(int, a.sequences.split(",")):
        text, row = measure(count, file.name)
        first = first or figures(text)
        print(json.dumps(row | dict(sameFigures=sum(x == y for x, y in zip(first, figures(text))))), flush=True)
