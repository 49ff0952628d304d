#!/usr/bin/env python3
"""Generations side by side through the daemon, in a memory control group: tokens per second of all of them, by their number. Every text is
compared with that of the same request with the fewest beside it (the first one alone). One request goes before, of which nothing is counted: a
daemon's first answer brings in the weights that stay. Root is needed. One JSON line for each number on stdout;
computeShare and loadShare are the parts of the wall in which the crew computed and in which reads ran, overWhatSetsThePace is wall ÷ the longer of the two
(reads as they came in the run itself).
  run.py MODEL --budget-mib 2048 [--tokens 16] [--context 256] [--sequences 1,2,4,8] [--decide]
With --decide a table follows, and for each number which bar applies and whether it holds: at 4, where one sequence's wall is at least 1.5 times its
compute, 1.4 times the tokens of one; else a wall of at most 1.1 times what sets the pace; never fewer tokens than one; and equal texts, within the budget.
The exit code is 1 where a bar does not hold."""
import argparse
import json
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "stream"))
import workbench
from memory_group import MemoryGroup

WORDS = ["river", "engine", "garden", "winter", "letter", "harbour", "copper", "evening"]

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("model")
ap.add_argument("--sequences", default="1,2,4,8")
for name, default in (("budget-mib", 2048), ("tokens", 16), ("context", 256), ("port", 8091)):
    ap.add_argument("--" + name, type=int, default=default)
ap.add_argument("--decide", action="store_true")
a = ap.parse_args()
LIMIT, URL = a.budget_mib << 20, f"http://127.0.0.1:{a.port}"


def ask(topic, found, key):
    """One request; keeps its text and when its first and last token came."""
    body = dict(messages=[dict(role="user", content=f"Tell of the {topic}.")], max_tokens=a.tokens, temperature=0,
                ignore_eos=True, stream=True, stream_options=dict(include_usage=True))
    text, times, tokens = "", [], 0
    with workbench.post(URL + "/v1/chat/completions", body, 600) as reply:
        for line in reply:
            if not line.startswith(b"data: {"):
                continue
            event = json.loads(line[6:])
            tokens = (event.get("usage") or {}).get("completion_tokens", tokens)
            for choice in event["choices"]:
                if piece := choice["delta"].get("content"):
                    text += piece
                    times.append(time.monotonic())
    found[key] = dict(text=text, times=times, first=times[0] if times else None, last=time.monotonic(), tokens=tokens)


def steady(answers):
    """Pieces a second of all while all of them decode: from the last first piece to the first last one, so that no prompt counts as decoding."""
    begin, end = max(a["times"][0] for a in answers), min(a["times"][-1] for a in answers)
    return sum(sum(begin < t <= end for t in a["times"]) for a in answers) / max(end - begin, 1e-9)


def status_of_engine():
    return json.loads(urllib.request.urlopen(URL + "/v1/layerstream/status", timeout=10).read())


def measure(count):
    """One daemon for so many sequences, all asked at the same moment."""
    workbench.drop_page_cache()
    with MemoryGroup(LIMIT) as group:
        daemon = group.start([workbench.PROGRAM, "serve", "--model", a.model, "--memory-budget", LIMIT, "--context", a.context, "--sequences", count,
                              "--urls", URL], stderr=subprocess.PIPE)
        try:
            workbench.wait_until_ready(daemon, URL)
            ask("mountain", {}, None)
            before, found, begin = status_of_engine(), {}, time.monotonic()
            askers = [threading.Thread(target=ask, args=(WORDS[n % len(WORDS)], found, n)) for n in range(count)]
            for asker in askers:
                asker.start()
            for asker in askers:
                asker.join()
            wall, last = time.monotonic() - begin, max(f["last"] for f in found.values())
            status = status_of_engine()
            compute, load = (status["engine"][k] - before["engine"][k] for k in ("compute_seconds", "load_seconds"))
            decoding = last - min(f["first"] for f in found.values() if f["first"])
            tokens = sum(f["tokens"] for f in found.values())
            return {n: f["text"] for n, f in found.items()}, dict(
                computeShare=round(compute / wall, 3), loadShare=round(load / wall, 3), overWhatSetsThePace=round(wall / max(compute, load), 3),
                sequences=count, tokens=tokens, seconds=round(wall, 2), tokensPerSecond=round(tokens / wall, 3),
                decodeTokensPerSecond=round((tokens - count) / decoding, 3),
                steadyPiecesPerSecond=round(steady(found.values()), 3),
                **{name: status["engine"][key] - before["engine"][key] for name, key in (("passes", "passes"), ("passRows", "pass_rows"))},
                streamedPerToken=status["plan"]["streamed_bytes_per_token"], peakMiB=group.peak_bytes >> 20, failcnt=group.failed_charges)
        finally:
            daemon.terminate()
            daemon.wait(60)


def decide(figures, one):
    """The bar of a number of sequences, and whether it holds."""
    wait = 1 / one["computeShare"]
    if figures["sequences"] == 4 and wait >= 1.5:
        bar, holds = f"one waits (wall {wait:.2f} x compute): >= 1.4 x one", figures["timesOne"] >= 1.4
    else:
        bar, holds = "wall <= 1.1 x max(reads, compute)", figures["overWhatSetsThePace"] <= 1.1
    is_exact = figures["sameTexts"] == figures["sequences"] and figures["failcnt"] == 0 and figures["peakMiB"] <= a.budget_mib
    return bar, holds and figures["timesOne"] >= 1 and is_exact


def show(rows):
    """The table; whether all of it holds."""
    print("| sequences | tokens/s, steady | times one | wall / compute | wall / reads | wall / the longer | peak, MiB | same texts | bar | holds |")
    print("| --- " * 10 + "|")
    decided = [decide(row, rows[0]) for row in rows]
    for row, (bar, holds) in zip(rows, decided):
        reads = f"{1 / row['loadShare']:.2f}" if row["loadShare"] else "-"
        print(f"| {row['sequences']} | {row['steadyPiecesPerSecond']} | {row['timesOne']} | {1 / row['computeShare']:.2f} | {reads} "
              f"| {row['overWhatSetsThePace']} | {row['peakMiB']} | {row['sameTexts']} of {row['sequences']} | {bar} | {'yes' if holds else 'NO'} |")
    return all(holds for _, holds in decided)


alone, first, rows = {}, None, []
for count in map(int, a.sequences.split(",")):
    texts, figures = measure(count)
    first = first or figures
    alone |= {n: t for n, t in texts.items() if n not in alone}
    figures |= dict(timesOne=round(figures["steadyPiecesPerSecond"] / first["steadyPiecesPerSecond"], 2),
                    sameTexts=sum(alone[n] == t for n, t in texts.items()))
    print(json.dumps(figures), flush=True)
    rows.append(figures)
if a.decide and not show(rows):
    sys.exit(1)
