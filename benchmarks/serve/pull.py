#!/usr/bin/env python3
"""A download of many gigabytes from a stand-in of the hub on this machine: its rate, checking the sum included, beside the disk's own, and the page
cache that it takes. It runs in a memory control group, whose page cache is looked at every 20 ms. Everything is deleted at the end. Root and fio are
needed. One JSON line on stdout; the exit code is 0 only if the page cache stayed below 64 MiB and the file was kept.
  pull.py FOLDER [--gigabytes 10] [--connections 4] [--limit-mib 512]"""
import argparse
import hashlib
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "stream"))
import workbench
from memory_group import MemoryGroup

ap = argparse.ArgumentParser(usage=__doc__)
ap.add_argument("folder", help="on the disk that is written to")
ap.add_argument("--gigabytes", type=float, default=10)
for name, default in (("connections", 4), ("limit-mib", 512)):
    ap.add_argument("--" + name, type=int, default=default)
a = ap.parse_args()
BYTES, MOST_CACHE = int(a.gigabytes * 1e9), 64 << 20
BLOCK = memoryview(b"GGUF" + os.urandom((1 << 20) - 4)).toreadonly()  # again and again


def digest():
    found = hashlib.sha256()
    for at in range(0, BYTES, len(BLOCK)):
        found.update(BLOCK[:min(len(BLOCK), BYTES - at)])
    return found.hexdigest()


class Hub(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sha256 = ""

    def do_GET(self):
        if self.path.startswith("/api/"):
            listed = [dict(type="file", oid="1", size=BYTES, path="big-Q8_0.gguf", lfs=dict(oid=Hub.sha256, size=BYTES, pointerSize=130))]
            self.answer(200, json.dumps(listed).encode())
            return
        begin, _, end = self.headers.get("Range", f"bytes=0-{BYTES - 1}").removeprefix("bytes=").partition("-")
        begin, end = int(begin), min(int(end or BYTES), BYTES - 1) + 1
        self.send_response(206)
        for name, value in (("Content-Range", f"bytes {begin}-{end - 1}/{BYTES}"), ("Content-Length", end - begin), ("ETag", '"1"')):
            self.send_header(name, str(value))
        self.end_headers()
        while begin < end:
            inner = begin % len(BLOCK)
            piece = BLOCK[inner:min(len(BLOCK), inner + end - begin)]
            self.wfile.write(piece)
            begin += len(piece)

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_): pass


def write_rate(folder):
    """Bytes per second of direct writes, as fio measures them."""
    place = os.path.join(folder, "fio")
    command = ["fio", "--name=w", f"--filename={place}", "--direct=1", "--rw=write", "--bs=4M", "--iodepth=8", "--ioengine=libaio", "--size=4G",
               "--end_fsync=1", "--output-format=json"]
    out = workbench.checked(subprocess.run(command, capture_output=True, text=True), command)
    os.remove(place)
    return json.loads(out[out.index("{"):])["jobs"][0]["write"]["bw_bytes"]


def cached(group):
    """Page cache of the group now, in bytes."""
    rows = dict(line.split() for line in (group.path / "memory.stat").read_text().splitlines())
    return int(rows.get("total_cache", rows.get("file", 0)))


with tempfile.TemporaryDirectory(dir=a.folder) as folder:
    disk = write_rate(folder)
    Hub.sha256 = digest()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    most = 0
    with MemoryGroup(a.limit_mib << 20) as group:
        begun = time.monotonic()
        models = os.path.join(folder, "models")
        os.mkdir(models)
        pull = group.start(["env", f"HF_ENDPOINT=http://127.0.0.1:{server.server_port}", workbench.PROGRAM, "pull", "o/r", "--models", models, "--quiet",
                            "--connections", a.connections], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while pull.poll() is None:
            most = max(most, cached(group))
            time.sleep(0.02)
        seconds, error = time.monotonic() - begun, pull.stderr.read()
        peak, failed = group.peak_bytes, group.failed_charges
    server.shutdown()
    kept = [f.stat().st_size for f in Path(models).rglob("*.gguf")]
    holds = pull.returncode == 0 and kept == [BYTES] and most < MOST_CACHE
    rate = BYTES / seconds
    print(json.dumps(dict(bytes=BYTES, seconds=round(seconds, 2), bytesPerSecond=round(rate),
                          diskWritesPerSecond=round(disk), shareOfDisk=round(rate / disk, 3), mostPageCacheMiB=round(most / 2 ** 20, 2),
                          peakMiB=peak >> 20, failcnt=failed, error=error[-300:] if pull.returncode else None, holds=holds)), flush=True)
sys.exit(0 if holds else 1)
