#!/usr/bin/env python3
"""The tuner's own choice against fixed ones on real reads, and on a disk that is throttled (control group blkio of version 1), that halves its rate midway,
or whose every read comes late (slow_reads.py: reads in flight at the same time wait at the same time).
  depth.py pairs CASE [--model FILE] [--rounds 3] [--tokens 24] [--settings 2,4,8] [--out results.jsonl]
  depth.py run CASE [--model FILE] [--rounds 3] [--tokens 96] [--settle 32] [--settings auto,1,2,4,8] [--out results.jsonl]
  depth.py table results.jsonl
CASE: smol-160MiB, 1b-half, 8b-2GiB, 30b-4GiB, smol-throttled, smol-delayed, smol-halving. A setting is auto, a depth, or sN: N transient slots (models whose
dense part is in memory have no other). `pairs` has `layerstream tune` measure each setting between two measurements of auto in one process, behind the 40 tokens
that the tuner has to come to an end: on a disk whose rate moves within seconds nothing else tells settings apart. `run` starts a process for each; settings take
turns in an order drawn anew for each round, and the first tokens (--settle) are not counted: by then the tuner must have found its setting. Of the halving disk,
which needs `run`, those behind the change are left out once more. Everything is in a memory control group of its budget. Lines of JSON are added to the results;
`table` reads any number of them and compares auto with the best fixed setting. Root is needed. Each of these ends within 240 s on a disk of 1 GB/s:
  pairs smol-160MiB | pairs smol-delayed | pairs smol-throttled --rounds 2 --settings 2,4 | pairs 1b-half --rounds 2 | pairs 8b-2GiB --rounds 2 --tokens 12 --settings 2,4
  pairs 30b-4GiB --rounds 1 --settings s4,s16 | run smol-halving --rounds 1 --settings auto,2,4,8"""
import argparse
import json
import os
import random
import statistics
import sys
import time
from pathlib import Path

import workbench
from memory_group import MemoryGroup

SHIPPED = str(Path(__file__).resolve().parents[2] / "models/SmolLM2-135M-Instruct-Q4_1.gguf")
MIB = 1 << 20
BAR = 0.97  # auto / best fixed
CASES = {  # budget, bytes per second at first, bytes per second from the middle on, microseconds that a read comes late
    "smol-160MiB": (160 * MIB, None, None, 0),
    "1b-half": (None, None, None, 0),
    "8b-2GiB": (2048 * MIB, None, None, 0),
    "30b-4GiB": (4096 * MIB, None, None, 0),
    "smol-throttled": (160 * MIB, 300_000_000, 300_000_000, 0),
    "smol-delayed": (160 * MIB, None, None, 4000),
    "smol-halving": (160 * MIB, 400_000_000, 200_000_000, 0),
}


class DiskLimit:
    """A blkio control group that limits reads of the disk a file lies on."""

    def __init__(self, path, rate):
        self.rate, self.group = rate, Path(f"/sys/fs/cgroup/blkio/layerstream-bench-{os.getpid()}")
        number = os.stat(path).st_dev
        disk = f"{os.major(number)}:{os.minor(number)}"
        parent = Path(f"/sys/dev/block/{disk}").resolve().parent  # of a partition: its disk carries the limit
        self.disk = (parent / "dev").read_text().strip() if (parent / "dev").exists() else disk

    def __enter__(self):
        if self.rate:
            self.group.mkdir()
            self.set(self.rate)
        return self

    def __exit__(self, *_):
        if self.rate:
            self.group.rmdir()

    def set(self, rate):
        (self.group / "blkio.throttle.read_bps_device").write_text(f"{self.disk} {rate}")

    def entering(self, command):
        return command if not self.rate else ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.group / "cgroup.procs"), *command]


def slowly(late, command):
    return [sys.executable, str(Path(__file__).with_name("slow_reads.py")), str(late), *command] if late else command


def pairs(a):
    budget, rate, later, late = CASES[a.case]
    if later != rate:
        sys.exit(f"{a.case} changes its disk midway: use run")
    budget = budget or os.path.getsize(a.model) // 2
    slots = [s for s in a.settings.split(",") if s[0] == "s"]
    depths = [s for s in a.settings.split(",") if s[0] != "s"]
    command = [a.binary, "tune", "--json", "--model", a.model, "--memory-budget", f"{budget // MIB}MiB", "--context", 512, "--profile", "off", "--reads", "",
               "--depths", ",".join(depths), "--slots", ",".join(s[1:] for s in slots), "--tokens", a.tokens, "--rounds", a.rounds]
    workbench.drop_page_cache()
    with MemoryGroup(budget) as group, DiskLimit(a.model, rate) as limit:
        done = group.run(limit.entering(slowly(late, list(map(str, command)))), stdout=-1)
        if done.returncode:
            sys.exit(f"{command} failed")
        peak, fails = group.peak_bytes, group.failed_charges
    found, begin = json.loads(done.stdout), time.time_ns()
    print(f"the tuner came to depth {found.get('tunedDepth')} and {found.get('tunedReads')} reads at the same time; {found['reason']}", file=sys.stderr)
    for row in found["rows"]:
        name = "auto" if not row["setting"] else ("s" if "slots" in row["setting"] else "") + row["setting"].split()[-1]
        line = dict(case=a.case, part="", round=begin, setting=name, tokensPerSecond=row.get("tokensPerSecond"), ratio=row.get("ratio"), error=row.get("standardError"),
                    pairs=a.rounds, peakMiB=round(peak / MIB, 1), budgetMiB=budget // MIB, failcnt=fails)
        if row.get("ratio"):
            add(a, line)


def add(a, line):
    print(json.dumps(line), flush=True)
    with open(a.out, "a") as out:
        out.write(json.dumps(line) + "\n")


def measure(a, case, setting, turn):
    """Tokens per second behind the settling tokens, from the times at which pieces of text arrive: the same text at every setting."""
    budget, rate, later, late = CASES[case]
    budget = budget or os.path.getsize(a.model) // 2
    command = [a.binary, "run", "--model", a.model, "--ids", workbench.prompt_ids(4), "--max-tokens", a.tokens, "--ignore-eos", "--temperature", 1, "--seed", 1,
               "--top-k", 0, "--context", 512, "--memory-budget", f"{budget // MIB}MiB", "--quiet", "--profile", "off"]
    command += [] if setting == "auto" else ["--transient-slots", setting[1:]] if setting[0] == "s" else ["--prefetch-depth", setting]
    command = slowly(late, list(map(str, command)))
    workbench.drop_page_cache()
    times, change = [], 0
    with MemoryGroup(budget) as group, DiskLimit(a.model, rate) as limit:
        program = group.start(limit.entering(command), stdout=-1, stderr=-1)
        while piece := os.read(program.stdout.fileno(), 4096):
            times.append(time.perf_counter())
            if later and later != rate and not change and len(times) >= a.tokens // 2:
                limit.set(later)
                change = len(times)
        errors = program.stderr.read()
        if program.wait():
            sys.exit(f"{command} failed: {errors[-500:]}")
        peak, fails = group.peak_bytes, group.failed_charges
    settle = a.settle
    counted = [(times[settle:change], "before"), (times[min(change + settle, len(times) - 9):], "after")] if change else [(times[settle:], "")]
    return [dict(case=case, part=part, round=turn, setting=setting, tokensPerSecond=round((len(t) - 1) / (t[-1] - t[0]), 3), peakMiB=round(peak / MIB, 1), budgetMiB=budget // MIB,
                 failcnt=fails) for t, part in counted if len(t) > 4]


def run(a):
    begin = time.time_ns()
    for turn in range(a.rounds):
        settings = a.settings.split(",")
        random.shuffle(settings)
        for setting in settings:
            for line in measure(a, a.case, setting, begin + turn):
                add(a, line)


def table(a):
    rows = [json.loads(line) for line in Path(a.results).read_text().splitlines()]
    print("| case | rounds | auto tok/s | best fixed | its tok/s | auto ÷ best, median of the rounds | peak ÷ budget | charges refused | verdict |\n"
          "| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for case in dict.fromkeys((r["case"], r["part"]) for r in rows):
        mine = [r for r in rows if (r["case"], r["part"]) == case]
        speed = {s: statistics.median(r["tokensPerSecond"] for r in mine if r["setting"] == s) for s in dict.fromkeys(r["setting"] for r in mine)}
        if "auto" not in speed or len(speed) < 2:
            continue  # not ended
        best = max((s for s in speed if s != "auto"), key=speed.get)
        # Of pairs, what auto was beside a setting is known better than two speeds.
        turns = [{r["setting"]: 1 / r["ratio"] if r["setting"] != "auto" else 1 for r in mine if r["round"] == turn and "ratio" in r}
                 or {r["setting"]: 1 / r["tokensPerSecond"] for r in mine if r["round"] == turn} for turn in dict.fromkeys(r["round"] for r in mine)]
        margin = max((r.get("error") or 0 for r in mine if r["setting"] == best), default=0)
        ratio = statistics.median(t[best] / t["auto"] for t in turns if {"auto", best} <= t.keys())
        rounds = sum(max(r.get("pairs", 1) for r in mine if r["round"] == turn) for turn in dict.fromkeys(r["round"] for r in mine))
        peak, refused = max(r["peakMiB"] / r["budgetMiB"] for r in mine), sum(r["failcnt"] for r in mine)
        fixed = f"{best[1:]} slots" if best[0] == "s" else f"depth {best}"
        print(f"| {' '.join(case).strip()} | {rounds} | {speed['auto']:.2f} | {fixed} | {speed[best]:.2f} | {ratio:.1%}{f' ± {margin:.1%}' if margin else ''} | {peak:.3f} | {refused} | "
              f"{'holds' if ratio >= BAR and peak <= 1 and not refused else 'missed'} |")


ap = argparse.ArgumentParser(usage=__doc__)
verbs = ap.add_subparsers(required=True)
for name, verb, tokens, settings in (("pairs", pairs, 24, "2,4,8"), ("run", run, 96, "auto,1,2,4,8")):
    made = verbs.add_parser(name)
    made.add_argument("case", choices=CASES)
    made.add_argument("--model", default=SHIPPED)
    made.add_argument("--binary", default=workbench.PROGRAM)
    for option, default in (("rounds", 3), ("tokens", tokens), ("settle", 32)):
        made.add_argument("--" + option, type=int, default=default)
    made.add_argument("--settings", default=settings)
    made.add_argument("--out", default="depth.jsonl")
    made.set_defaults(run=verb)
shown = verbs.add_parser("table")
shown.add_argument("results")
shown.set_defaults(run=table)
chosen = ap.parse_args()
chosen.run(chosen)
