#!/usr/bin/env python3
"""What streaming to clients costs the engine: so many clients that stream from a daemon in a memory control group, between two rounds of the same
requests answered in one piece each, which cost it nothing until the end. Every text is compared. The clients' processor time is measured and taken off:
it would run on other machines. Root is needed. One JSON line for each number of clients on stdout; the exit code is 0 only if every ratio is at least
0.95, every text is the same and the budget was kept.
  clients.py MODEL --budget-mib 200 [--clients 8,32] [--tokens 64] [--context 128] [--sequences N]"""
import argparse
import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "stream"))
import workbench
from memory_group import MemoryGroup

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("model")
ap.add_argument("--clients", default="8,32")
ap.add_argument("--sequences", type=int, default=0, help="0 = as many as there are clients")
for name, default in (("budget-mib", 200), ("tokens", 64), ("context", 128), ("port", 8093)):
    ap.add_argument("--" + name, type=int, default=default)
a = ap.parse_args()
LIMIT, CORES = a.budget_mib << 20, len(os.sched_getaffinity(0))


def body(number, stream):
    return dict(messages=[dict(role="user", content=f"Tell of the year {1900 + number}.")], max_tokens=a.tokens, temperature=0, ignore_eos=True,
                stream=stream)


def options(sequences):
    return ["--model", a.model, "--memory-budget", LIMIT, "--context", a.context, "--sequences", sequences, "--profile", "off"]


def own_processor_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def listen(number, stream, found):
    """One client: what it was sent as it came, undecoded until all is over."""
    data = json.dumps(body(number, stream)).encode()
    with socket.create_connection(("127.0.0.1", a.port)) as line:
        line.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(data) + data)
        pieces = []
        while piece := line.recv(65536):
            pieces.append(piece)
        found[number] = b"".join(pieces)


def content(sent):
    """The body of an answer, chunked or not."""
    head, _, rest = sent.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        sys.exit("a client was refused: " + sent.decode("utf-8", "replace")[:400])
    if b"chunked" not in head:
        return rest
    whole = b""
    while rest:
        length, _, rest = rest.partition(b"\r\n")
        whole, rest = whole + rest[:int(length, 16)], rest[int(length, 16) + 2:]
    return whole


def answer(sent, stream):
    """Text and timings of an answer."""
    if not stream:
        reply = json.loads(content(sent))
        return reply["choices"][0]["message"]["content"], reply["timings"]
    events = [json.loads(l[6:]) for l in content(sent).split(b"\n") if l.startswith(b"data: {")]
    return "".join(c["delta"].get("content") or "" for e in events for c in e["choices"]), next(e["timings"] for e in events if "timings" in e)


def ask_all(clients, stream):
    """A round of all clients at once: texts, timings, seconds, and the clients' seconds of the processor."""
    found, before, begun = {}, own_processor_seconds(), time.monotonic()
    askers = [threading.Thread(target=listen, args=(n, stream, found)) for n in range(clients)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    seconds, processor = time.monotonic() - begun, own_processor_seconds() - before
    if len(found) < clients:
        sys.exit("the daemon ended")
    answers = [answer(found[n], stream) for n in range(clients)]
    return [t for t, _ in answers], [t for _, t in answers], seconds, processor


def measure(clients, sequences):
    """Rounds of one daemon: whole, streamed, whole; how many it runs side by side; and its memory."""
    url = f"http://127.0.0.1:{a.port}"
    with MemoryGroup(LIMIT) as group:
        daemon = group.start([workbench.PROGRAM, "serve", "--urls", url, "--queue-limit", clients, *options(sequences)], stderr=subprocess.DEVNULL)
        try:
            workbench.wait_until_ready(daemon, url)
            with urllib.request.urlopen(url + "/v1/layerstream/status") as reply:
                seats = json.load(reply)["plan"]["sequences"]
            rounds = [ask_all(clients, stream) for stream in (False, True, False)]
        finally:
            daemon.terminate()
            daemon.wait(60)
        return rounds, seats, group.peak_bytes, group.failed_charges


def decode_rate(timings):
    """Tokens per second of all answers together while each decodes."""
    return sum((t["predicted_n"] - 1) / (t["predicted_ms"] / 1000) for t in timings)


holds = True
for count in map(int, a.clients.split(",")):
    workbench.drop_page_cache()
    ((expected, first, _, _), (texts, timings, seconds, processor), (again, last, _, _)), sequences, peak, failed = \
        measure(count, a.sequences or count)
    # Sums of rates hold where all decode side by side; where some wait for a turn, each stands for its share of the time.
    share = min(1, sequences / count)
    engine, served = (decode_rate(first) + decode_rate(last)) / 2 * share, decode_rate(timings) * share
    corrected = served * seconds / max(seconds - processor / CORES, 1e-9)
    same = sum(x == y == z for x, y, z in zip(expected, texts, again))
    holds &= same == count and corrected >= 0.95 * engine and peak <= LIMIT and failed == 0
    print(json.dumps(dict(clients=count, sequences=sequences, tokensEach=a.tokens, engineTokensPerSecond=round(engine, 2),
                          servedTokensPerSecond=round(served, 2), clientsProcessorSeconds=round(processor, 3), seconds=round(seconds, 2),
                          servedWithoutClients=round(corrected, 2), ratio=round(corrected / engine, 3), sameTexts=same,
                          peakMiB=peak >> 20, failcnt=failed)), flush=True)
sys.exit(0 if holds else 1)
