#!/usr/bin/env python3
"""Decode speed beside other programs, and under a quota of processor time, with llama.cpp in the same run. A table on stdout, or JSON. Root is needed for the quota.
  neighbour.py MODEL [--peer llamacpp_peer.py --peer-lib DIR] [--tokens 96] [--threads N] [--activations int8] [--rounds 1] [--cases idle,one rival,…] [--json]
Each rival is a loop that never sleeps. Shares are of the same program's speed on the idle machine, which is measured before and after."""
import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile

import workbench
from memory_group import ProcessorGroup

CASES = {"idle": (0, None), "one rival": (1, None), "two rivals": (2, None), "one core": (0, 1.0), "idle again": (0, None)}
PROMPT = 32


@contextlib.contextmanager
def rivals(count):
    """So many processes that want a core all the time."""
    running = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def measured(command, cores):
    """The JSON of a command's last line, in a group of so many cores if a number is given."""
    with ProcessorGroup(cores) if cores else contextlib.nullcontext() as group:
        command = group.entering(command) if group else list(map(str, command))
        return json.loads(workbench.checked(subprocess.run(command, capture_output=True, text=True), command).strip().splitlines()[-1])


def ours(a, ids, cores):
    threads = ["--threads", a.threads] if a.threads else []
    r = measured([a.binary, "run", "--json", "--quiet", "--model", a.model, "--context", PROMPT + a.tokens + 32, "--ids", "@" + ids, "--max-tokens", a.tokens + 1,
                  "--ignore-eos", "--temperature", 0, "--activations", a.activations, *threads], cores)
    return workbench.decode_rate(r), r["ids"]


def peer(a, cores):
    r = measured([sys.executable, a.peer, a.model, "--lib", a.peer_lib, "--prefill", PROMPT, "--decode", a.tokens, "--threads", a.threads or os.cpu_count(),
                  "--ctx", PROMPT + a.tokens + 32, "--mode", "none"], cores)
    return r["decode_tok_s"]


def median(values):
    return sorted(values)[len(values) // 2]


ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("model")
ap.add_argument("--binary", default=workbench.PROGRAM)
ap.add_argument("--activations", choices=("int8", "int16", "f32"), default="int8")
for name, default in (("tokens", 96), ("threads", 0), ("rounds", 1)):
    ap.add_argument("--" + name, type=int, default=default)
ap.add_argument("--cases", default=",".join(CASES))
ap.add_argument("--json", action="store_true")
workbench.add_peer(ap)
a = ap.parse_args()
found, answers = {}, set()
with tempfile.NamedTemporaryFile("w", suffix=".ids") as file:
    file.write(workbench.prompt_ids(PROMPT))
    file.flush()
    for _ in range(a.rounds):
        for case in a.cases.split(","):
            count, cores = CASES[case]
            row = found.setdefault(case, {"layerstream": [], "llamaCpp": []})
            with rivals(count):
                speed, ids = ours(a, file.name, cores)
                row["layerstream"].append(speed)
                answers.add(tuple(ids))
                if a.peer:
                    row["llamaCpp"].append(peer(a, cores))
if len(answers) > 1:
    sys.exit("the answers differ between cases")
if a.json:
    print(json.dumps(found))
    sys.exit()
print("| | tokens/s | share | llama.cpp | share |\n| --- | --- | --- | --- | --- |")
base = {name: median([v for case in ("idle", "idle again") for v in found.get(case, {}).get(name, [])] or [float("nan")]) for name in ("layerstream", "llamaCpp")}
for case, row in found.items():
    cells = [f"{median(row[name]):.1f} | {median(row[name]) / base[name]:.2f}" if row[name] else " | " for name in base]
    print(f"| {case} | {' | '.join(cells)} |")
