#!/usr/bin/env python3
"""Speed against budget, beside llama.cpp with the file mapped in a memory control group of the same size, as an SVG for light and dark pages.
  chart.py FIGURES.json --model MODEL --budgets-mib 192,256,384 [--rounds 1] [--tokens 16] [--context 512] [--peer llamacpp_peer.py --peer-lib DIR]
      measures (root is needed), engine after engine, cold, and adds what it found to the file; so it can be done in pieces
  chart.py FIGURES.json --svg FILE [--title TEXT]
      draws the median of what the file holds"""
import argparse
import json
import math
import os
import statistics
from pathlib import Path
from xml.sax.saxutils import escape

import workbench

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 400, 64, 150, 64, 64
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title { font-size: 15px; font-weight: 600 } .small { font-size: 12px; fill: #59636e }
  .grid { stroke: #d1d9e0 } .file { stroke: #59636e; stroke-dasharray: 4 4 } .line { fill: none; stroke-width: 2.5 }
  .layerstream { stroke: #0969da } .llamacpp { stroke: #bc4c00 } circle { stroke-width: 2; fill: #ffffff } .name-layerstream { fill: #0969da } .name-llamacpp { fill: #bc4c00 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .small { fill: #9198a1 } .grid { stroke: #3d444d } .file { stroke: #9198a1 } circle { fill: #0d1117 }
    .layerstream { stroke: #4493f8 } .llamacpp { stroke: #f0883e } .name-layerstream { fill: #4493f8 } .name-llamacpp { fill: #f0883e }
  }"""
NAMES = {"layerstream": "LayerStream", "llamacpp": "llama.cpp, mmap"}


def processor():
    names = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return f"{names[0] if names else 'unknown processor'}, {os.cpu_count()} cores"


def measured(run):
    """A measurement, or None where the engine does not run in that little memory."""
    try:
        return run()
    except SystemExit as e:
        print(e)
        return None


def measure(a, figures):
    size = os.path.getsize(a.model)
    figures |= dict(model=Path(a.model).stem, fileBytes=size, processor=processor(), tokens=a.tokens, context=a.context)
    for mib in [int(m) for m in a.budgets_mib.split(",")] * a.rounds:
        limit = mib << 20
        command = [a.binary, "run", "--json", "--quiet", "--model", a.model, "--memory-budget", limit, "--context", a.context, "--ids", workbench.prompt_ids(8),
                   "--max-tokens", a.tokens + 1, "--ignore-eos", "--temperature", 0]
        r = measured(lambda: workbench.result(command, limit))
        point = dict(budgetMiB=mib, fioBytesPerSecond=workbench.fio_rate(a.model, seconds=2), layerstream=r and round(workbench.decode_rate(r), 3),
                     bytesPerToken=r and r["bytesPerToken"], peakMiB=r and r["peakMiB"], failcnt=r and r["failcnt"])
        if a.peer:
            peer = measured(lambda: workbench.llama_cpp(a, a.model, 8, a.tokens, a.context, limit_bytes=limit))
            point["llamacpp"] = peer and peer["decode_tok_s"]
        print(json.dumps(point), flush=True)
        figures.setdefault("points", []).append(point)
    return figures


def medians(figures, engine):
    """(budget in MiB, tokens per second), rising by budget."""
    speeds = {}
    for point in figures["points"]:
        if point.get(engine):
            speeds.setdefault(point["budgetMiB"], []).append(point[engine])
    return sorted((mib, statistics.median(values)) for mib, values in speeds.items())


def amount(mib):
    return f"{mib / 1024:g} GiB" if mib >= 1024 and mib % 256 == 0 else f"{mib:g} MiB"


def speed(value):
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def draw(figures, title):
    series = {engine: points for engine in NAMES if (points := medians(figures, engine))}
    budgets = sorted({mib for points in series.values() for mib, _ in points})
    speeds = [s for points in series.values() for _, s in points]
    low, high = math.log(min(speeds) * 0.7), math.log(max(speeds) * 1.25)
    first, last = math.log(budgets[0]), math.log(budgets[-1])

    def x(mib):
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log(mib) - first) / (last - first)

    def y(value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (math.log(value) - low) / (high - low)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">', f"<style>{STYLE}\n</style>",
           f'<text class="title" x="{LEFT}" y="24">{escape(title)}</text>',
           f'<text class="small" x="{LEFT}" y="43">tokens per second, decoding; {escape(figures["processor"])}; memory control group as large as the budget</text>']
    for power in range(-3, 4):
        for step in (1, 2, 5):
            value = step * 10.0**power
            if low <= math.log(value) <= high:
                out.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/><text class="small" x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>')
    for mib in budgets:
        out.append(f'<text class="small" x="{x(mib):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{amount(mib)}</text>')
    out.append(f'<text class="small" x="{(LEFT + WIDTH - RIGHT) / 2:.1f}" y="{HEIGHT - 18}" text-anchor="middle">memory budget of the whole process</text>')
    file_mib = figures["fileBytes"] / 2**20
    if budgets[0] < file_mib < budgets[-1]:
        out.append(f'<line class="file" x1="{x(file_mib):.1f}" x2="{x(file_mib):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/><text class="small" x="{x(file_mib) - 6:.1f}" y="{TOP + 12}" text-anchor="end">size of the file</text>')
    best = {}
    for points in series.values():
        for mib, value in points:
            best[mib] = max(value, best.get(mib, 0))
    for engine, points in series.items():
        out.append(f'<polyline class="line {engine}" points="{" ".join(f"{x(m):.1f},{y(s):.1f}" for m, s in points)}"/>')
        for mib, value in points:
            out.append(f'<circle class="{engine}" cx="{x(mib):.1f}" cy="{y(value):.1f}" r="4"/><text x="{x(mib):.1f}" y="{y(value) + (-11 if value == best[mib] else 21):.1f}" text-anchor="middle">{speed(value)}</text>')
        out.append(f'<text class="name-{engine}" x="{x(points[-1][0]) + 14:.1f}" y="{y(points[-1][1]) + 5:.1f}">{NAMES[engine]}</text>')
    return "\n".join([*out, "</svg>", ""])


def main():
    ap = argparse.ArgumentParser(usage=__doc__)
    ap.add_argument("figures", type=Path)
    ap.add_argument("--model")
    ap.add_argument("--budgets-mib", default="")
    ap.add_argument("--svg", type=Path)
    ap.add_argument("--title")
    ap.add_argument("--binary", default=workbench.PROGRAM)
    for name, default in (("rounds", 1), ("tokens", 16), ("context", 512)):
        ap.add_argument("--" + name, type=int, default=default)
    workbench.add_peer(ap)
    a = ap.parse_args()
    figures = json.loads(a.figures.read_text()) if a.figures.exists() else {}
    if a.model:
        a.figures.write_text(json.dumps(measure(a, figures), indent=1) + "\n")
    if a.svg:
        a.svg.write_text(draw(figures, a.title or f"{figures['model']}, {figures['fileBytes'] / 1e9:.1f} GB"))


if __name__ == "__main__":
    main()
