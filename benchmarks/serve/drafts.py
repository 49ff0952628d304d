#!/usr/bin/env python3
"""What guesses gain: runs of one model in a memory control group, with drafts and without, in turns. Root is needed. One JSON line for each text,
temperature and way to guess on stdout, or a row of a table: the median of the pairs' ratios of tokens per second, what was guessed and accepted, why the
draft model was left out if it was, and whether the ids were the same. Draft files are made by `layerstream quantize MODEL FILE --type Q4_K_M`.
  from the text, in about 200 s:  drafts.py MODEL --budget-mib 160 --pairs 2 --table
  by a model, in about 200 s:     drafts.py F16.gguf --budget-mib 256 --draft auto,model --draft-model Q4_K_M.gguf,Q2_K.gguf --texts quote,prose
                                  --tokens 48 --pairs 1 --table"""
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
ap.add_argument("--table", action="store_true")
ap.add_argument("model")
ap.add_argument("--texts", default=",".join(TEXTS))
ap.add_argument("--temperatures", default="0,0.8")
ap.add_argument("--draft", default="auto")
ap.add_argument("--draft-model", help="one or more, with commas between them")
for name, default in (("budget-mib", 160), ("tokens", 96), ("context", 512), ("pairs", 3)):
    ap.add_argument("--" + name, type=int, default=default)
a = ap.parse_args()
MODELS = a.draft_model.split(",") if a.draft_model else [None]
WAYS = {(mode, model): ["--draft", mode] + (["--draft-model", model] if model else []) for model in MODELS for mode in a.draft.split(",")}
WAYS[OFF := ("off", None)] = ["--draft", "off"]
COLUMNS = ("draft", "model", "text", "temperature", "gain", "tokensPerSecond", "without", "passes", "passesWithout", "drafts", "leftOut", "sameIds", "peakMiB")


def run(text, temperature, drafts):
    return workbench.result(
        [workbench.PROGRAM, "run", TEXTS[text], "--raw", "--json", "--quiet", "--model", a.model, "--memory-budget", a.budget_mib << 20, "--context", a.context,
         "--max-tokens", a.tokens, "--temperature", temperature, "--seed", 7, "--ignore-eos", "--profile", "off", *drafts], a.budget_mib << 20)


def show(row):
    """A line of the answer."""
    print("| " + " | ".join(str(row[name]) for name in COLUMNS) + " |" if a.table else json.dumps(row), flush=True)


if a.table:
    print("| " + " | ".join(COLUMNS) + " |\n|" + " --- |" * len(COLUMNS), flush=True)
for text in a.texts.split(","):
    for temperature in a.temperatures.split(","):
        pairs = []
        for number in range(a.pairs):
            order = list(WAYS) if number % 2 == 0 else list(WAYS)[::-1]
            pairs.append({way: run(text, temperature, WAYS[way]) for way in order})
        for way in (w for w in WAYS if w != OFF):
            on, off = pairs[-1][way], pairs[-1][OFF]
            rates = {w: statistics.median(workbench.decode_rate(p[w]) for p in pairs) for w in (way, OFF)}
            show(dict(
                draft=way[0], model=way[1] and Path(way[1]).name, text=text, temperature=float(temperature),
                gain=round(statistics.median(workbench.decode_rate(p[way]) / workbench.decode_rate(p[OFF]) for p in pairs), 3),
                tokensPerSecond=round(rates[way], 2), without=round(rates[OFF], 2), passes=on["sweep"]["passes"], passesWithout=off["sweep"]["passes"],
                drafts=on["sweep"].get("drafts"), leftOut=on.get("leftOutDraftModel"), sameIds=all(p[way]["ids"] == p[OFF]["ids"] for p in pairs),
                streamedPerPass=round(on["bytesPerToken"]), peakMiB=max(p[way]["peakMiB"] for p in pairs), failcnt=max(p[way]["failcnt"] for p in pairs)))
