#!/usr/bin/env python3
"""Exactness and speed of the modes of --activations, as two tables of Markdown on stdout.
  run.py exactness MODEL --golden FOLDER [--modes int8,int16,f32]
      KL to the reference over FOLDER/quant-models, perplexity of MODEL over FOLDER/text.txt, and its answer to one question at temperature 0
  run.py speed MODEL[=MIB] ... [--levels AVX-512,AVX2] [--prompt 256] [--tokens 32] [--rounds 2] [--modes ...]
      prompt and decode, tokens per second, all in memory; where MIB are given also in a memory control group of that size (root is needed),
      cold; the best of the rounds, which go through the modes in turn"""
import argparse
import array
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "stream"))
import workbench

QUESTION = "What is the capital of France?"
SETTINGS = {"AVX-512": {}, "AVX2": {"DOTNET_EnableAVX512": "0"}, "scalar": {"DOTNET_EnableHWIntrinsic": "0"}}

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("what", choices=("exactness", "speed"))
ap.add_argument("models", nargs="+")
ap.add_argument("--golden", type=Path)
ap.add_argument("--modes", default="int8,int16,f32")
ap.add_argument("--levels", default="AVX-512,AVX2")
for name, default in (("prompt", 256), ("tokens", 32), ("rounds", 2)):
    ap.add_argument("--" + name, type=int, default=default)
a = ap.parse_args()
MODES, LEVELS = a.modes.split(","), a.levels.split(",")


def output(*command):
    return workbench.checked(subprocess.run(list(map(str, command)), capture_output=True, text=True), command)


def floats(path):
    found = array.array("f")
    found.frombytes(path.read_bytes())
    return found


def log_softmax(row):
    most = max(row)
    total = most + math.log(sum(math.exp(v - most) for v in row))
    return [v - total for v in row]


def divergence(case, mode, out):
    """Mean KL over the positions of a case, and how many have the same best id."""
    told = json.loads((case / "case.json").read_text())
    context = ("--context", told["context"]) if "context" in told else ()
    output(workbench.PROGRAM, "logits", "--model", case / "model.gguf", "--ids", ",".join(map(str, told["tokens"])), "--out", out, "--activations", mode,
           *context)
    wanted, given, width = floats(case / "logits.f32"), floats(Path(out)), told["shape"][1]
    kl, same, rows = 0.0, 0, len(wanted) // width
    for at in range(0, rows * width, width):
        p, q = log_softmax(wanted[at:at + width]), log_softmax(given[at:at + width])
        kl += sum(math.exp(x) * (x - y) for x, y in zip(p, q))
        same += p.index(max(p)) == q.index(max(q))
    return kl / rows, same / rows


def exactness():
    print("| activations | mean KL, nats | median | largest | same best id | perplexity | answer |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for mode in MODES:
        with tempfile.TemporaryDirectory() as folder:
            found = [divergence(case, mode, folder + "/logits") for case in sorted((a.golden / "quant-models").iterdir())
                     if (case / "case.json").exists()]
        kl = sorted(k for k, _ in found)
        told = output(workbench.PROGRAM, "perplexity", "--model", a.models[0], "--file", a.golden / "text.txt", "--activations", mode)
        perplexity = told[told.index("perplexity") + 11:].split()[0]
        answer = json.loads(output(workbench.PROGRAM, "run", "--json", "--model", a.models[0], "--temperature", 0, "--max-tokens", 16, "--activations", mode,
                                   QUESTION))["text"]
        print(f"| {mode} | {sum(kl) / len(kl):.1e} | {kl[len(kl) // 2]:.1e} | {kl[-1]:.1e} | {sum(s for _, s in found) / len(found):.2%} | {perplexity} | "
              f"{' '.join(answer.split())} |", flush=True)


def rates(model, mode, level, mib):
    """Prompt and decode, tokens per second."""
    limit = mib << 20 if mib else None
    prompt, tokens = (8, min(a.tokens, 16)) if limit else (a.prompt, a.tokens)
    with tempfile.NamedTemporaryFile("w", suffix=".ids") as ids:
        ids.write(workbench.prompt_ids(prompt))
        ids.flush()
        os.environ.update(SETTINGS[level])
        try:
            r = workbench.result([workbench.PROGRAM, "run", "--json", "--quiet", "--model", model, "--activations", mode, "--ids", "@" + ids.name,
                                  "--context", prompt + tokens + 32, "--max-tokens", tokens + 1, "--ignore-eos", "--temperature", 0]
                                 + (["--memory-budget", limit] if limit else []), limit)
        finally:
            for name in SETTINGS[level]:
                del os.environ[name]
    return prompt / r["promptSeconds"], workbench.decode_rate(r)


def speed():
    print("| model | level | " + " | ".join(f"{mode} prompt, decode" for mode in MODES) + " |")
    print("| --- | --- |" + " --- |" * len(MODES))
    for named in a.models:
        model, _, mib = named.partition("=")
        for limit in (0, int(mib)) if mib else (0,):
            for level in LEVELS:
                best = dict.fromkeys(MODES, (0, 0))
                for _ in range(a.rounds):
                    for mode in MODES:
                        best[mode] = tuple(map(max, best[mode], rates(model, mode, level, limit)))
                cells = (f"{decode:.3g}" if limit else f"{prompt:.3g}, {decode:.3g}" for prompt, decode in best.values())
                print(f"| {Path(model).name}{f' in {limit} MiB, decode' if limit else ''} | {level} | " + " | ".join(cells) + " |", flush=True)


exactness() if a.what == "exactness" else speed()
