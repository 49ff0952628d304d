#!/usr/bin/env python3
"""Closed questions side by side, in a memory control group: time of all of them by the number that share a sweep, beside reads and compute of the same
run, and whether every probability is the same. Each question has 128 tokens that all share and 16 of its own. Root is needed. One JSON line for each number
(0 = as many as the program chooses), and one for questions each of which is a request by itself: a few of them, by which the time of all is estimated.
  score.py MODEL --budget-mib 2048 [--questions 64] [--sequences 0,1] [--alone 3]"""
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
ap.add_argument("--sequences", default="0")
for name, default in (("budget-mib", 2048), ("questions", 64), ("alone", 3)):
    ap.add_argument("--" + name, type=int, default=default)
a = ap.parse_args()


def words(seed, count):
    chosen = random.Random(seed)
    return " ".join(chosen.choice(WORDS) for _ in range(count))


def measure(count, file):
    workbench.drop_page_cache()
    with MemoryGroup(a.budget_mib << 20) as group:
        begin = time.monotonic()
        done = group.run([workbench.PROGRAM, "score", file, "--model", a.model, "--memory-budget", a.budget_mib << 20,
                          *(["--sequences", count] if count else [])], capture_output=True)
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


def asked(lines, count):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("".join(line + "\n" for line in lines))
        file.flush()
        return measure(count, file.name)


beginning = words(0, SHARED)
questions = [json.dumps(dict(id=number, prompt=f"{beginning} {words(number + 1, OWN)}", choices=[" yes", " no", " maybe"]))
             for number in range(a.questions)]
first, seconds = None, None
for count in map(int, a.sequences.split(",")):
    text, row = asked(questions, count)
    first, seconds = first or figures(text), seconds or row["seconds"]
    print(json.dumps(row | dict(sameFigures=sum(x == y for x, y in zip(first, figures(text))))), flush=True)
if a.alone:
    alone = [asked([line], 1) for line in questions[:a.alone]]
    each = sum(row["seconds"] for _, row in alone) / a.alone
    print(json.dumps(dict(oneByOne=a.alone, secondsEach=round(each, 2), secondsOfAllEstimated=round(each * a.questions, 1),
                          timesTogether=round(each * a.questions / seconds, 2),
                          sameFigures=sum(figures(text)[0] == expected for (text, _), expected in zip(alone, first)))), flush=True)
