#!/usr/bin/env python3
"""What guesses gain: runs of one model in a memory control group, with drafts and without, in turns. Root is needed. One JSON line for each text and
temperature on stdout: the median of the pairs' ratios of tokens per second, what was guessed and accepted, and whether the ids were the same.
  drafts.py MODEL --budget-mib 160 [--texts quote,edit,list,prose] [--draft auto] [--draft-model FILE] [--pairs 3] [--tokens 96]"""
import argparse
import json
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "stream"))
import workbench

POEM = ("The lamp above the harbour gate was lit at half past four, and every boat that came in late could find the eastern shore. "
        "The keeper wrote the names of all the ships that passed him by, and put the book against the wall beneath a clear night sky.")
CODE = ("def total_price(items, tax_rate):\n    subtotal = 0\n    for item in items:\n        subtotal += item.price * item.quantity\n"
        "    tax = subtotal * tax_rate\n    return subtotal + tax\n")
ROWS = "".join(f"- item {n}: status ready, owner north office, priority normal\n" for n in range(1, 9))
TEXTS = dict(
    quote=f"{POEM}\n\nThe same text once more:\n\n{POEM}\n\nThe same text once more:\n\nThe lamp above the harbour gate",
    edit=f"# before\n{CODE}\n# after renaming tax_rate to rate\n{CODE.replace('tax_rate', 'rate')}\n# before\n{CODE}\n# after renaming tax_rate to rate\ndef",
    list=f"All items of the list:\n{ROWS}- item 9:",
    prose="When the first settlers came to the valley in the spring of that year, they found")

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("model")
ap.add_argument("--texts", default=",".join(TEXTS))
ap.add_argument("--temperatures", default="0,0.8")
ap.add_argument("--draft", default="auto")
ap.add_argument("--draft-model")
for name, default in (("budget-mib", 160), ("tokens", 96), ("context", 512), ("pairs", 3)):
    ap.add_argument("--" + name, type=int, default=default)
a = ap.parse_args()
DRAFTS = ["--draft", a.draft] + (["--draft-model", a.draft_model] if a.draft_model else [])


def run(text, temperature, drafts):
    return workbench.result(
        [workbench.PROGRAM, "run", TEXTS[text], "--raw", "--json", "--quiet", "--model", a.model, "--memory-budget", a.budget_mib << 20, "--context", a.context,
         "--max-tokens", a.tokens, "--temperature", temperature, "--seed", 7, "--ignore-eos", "--profile", "off", *drafts], a.budget_mib << 20)


for text in a.texts.split(","):
    for temperature in a.temperatures.split(","):
        pairs = []
        for number in range(a.pairs):
            order = [("off", ["--draft", "off"]), ("on", DRAFTS)]
            pairs.append({name: run(text, temperature, options) for name, options in (order if number % 2 == 0 else order[::-1])})
        on, off = pairs[-1]["on"], pairs[-1]["off"]
        rates = {name: statistics.median(workbench.decode_rate(p[name]) for p in pairs) for name in ("on", "off")}
        print(json.dumps(dict(
            text=text, temperature=float(temperature), gain=round(statistics.median(workbench.decode_rate(p["on"]) / workbench.decode_rate(p["off"]) for p in pairs), 3),
            tokensPerSecond=round(rates["on"], 2), without=round(rates["off"], 2), passes=on["sweep"]["passes"], passesWithout=off["sweep"]["passes"],
            drafts=on["sweep"].get("drafts"), sameIds=all(p["on"]["ids"] == p["off"]["ids"] for p in pairs),
            streamedPerPass=round(on["bytesPerToken"]), peakMiB=max(p["on"]["peakMiB"] for p in pairs), failcnt=max(p["on"]["failcnt"] for p in pairs))), flush=True)
