"""What the commands of this folder share: the program under test, its prompt, the disk's own rate, and llama.cpp beside it."""
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from memory_group import MemoryGroup

FOLDER = Path(__file__).resolve().parents[2] / "src/Host/bin/Release/net10.0"
PROGRAM = str(FOLDER / "layerstream")


def add_peer(parser):
    """The options that name llama.cpp: a script that times it and prints a JSON line, and the folder of its libraries."""
    parser.add_argument("--peer", help="script that times llama.cpp through its libraries")
    parser.add_argument("--peer-lib", help="folder of llama.cpp's libraries")


def prompt_ids(count):
    """The forced prompt of all measurements, the same that the peer's script uses."""
    return ",".join(str((1000 + i * 7919) % 20000) for i in range(count))


def drop_page_cache():
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")


def fio_rate(path, pattern="read", block="4M", depth=8, seconds=4):
    """Bytes per second of direct reads, as fio measures them."""
    command = ["fio", "--name=r", f"--filename={path}", "--direct=1", f"--rw={pattern}", f"--bs={block}", f"--iodepth={depth}", "--ioengine=libaio",
               "--randrepeat=0", "--norandommap", f"--runtime={seconds}", "--time_based", "--readonly", "--output-format=json"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads(out[out.index("{"):])["jobs"][0]["read"]["bw_bytes"]


def checked(done, command):
    """Standard output of a command that succeeded; the end of its complaint otherwise."""
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))[:400]} failed ({done.returncode}): {(done.stderr or '')[-600:]}")
    return done.stdout


def result(command, limit_bytes=None, is_cold=True):
    """The JSON that a command prints; with a limit in a control group of its own, whose figures are added as peakMiB and failcnt."""
    if limit_bytes is None:
        return json.loads(checked(subprocess.run(list(map(str, command)), capture_output=True, text=True), command))
    if is_cold:
        drop_page_cache()
    with MemoryGroup(limit_bytes) as group:
        found = json.loads(checked(group.run(command, capture_output=True), command))
        return found | dict(peakMiB=group.peak_bytes >> 20, failcnt=group.failed_charges)


def answers(url):
    try:
        urllib.request.urlopen(url + "/health", timeout=5)
        return True
    except (urllib.error.URLError, OSError):
        return False


def wait_until_ready(daemon, url):
    """Until a daemon that was just started answers; the end of its complaint, where that is a pipe, if it ends before."""
    if answers(url):  # sooner than any start: its figures would be those of somebody else's model
        daemon.kill()
        sys.exit(f"another program answers at {url}: end it first, or choose another port")
    while daemon.poll() is None:
        if answers(url):
            return
        time.sleep(0.3)
    sys.exit("the daemon ended: " + (daemon.stderr.read()[-600:] if daemon.stderr else ""))


def post(url, body, timeout):
    """The open answer to a request in JSON."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    return urllib.request.urlopen(request, timeout=timeout)


def decode_rate(run):
    """Tokens per second of a run's decode passes; the first token belongs to the prompt."""
    return (run["generatedTokens"] - 1) / run["decodeSeconds"]


def llama_cpp(a, model, prompt, tokens, context, *options, limit_bytes=None):
    """The peer's figures over the same prompt; with a limit cold, its file mapped, in a control group of the same size."""
    command = [sys.executable, a.peer, model, "--lib", a.peer_lib, "--prefill", prompt, "--decode", tokens, "--threads", getattr(a, "threads", 2), "--ctx", context, *options]
    if limit_bytes is None:
        return json.loads(checked(subprocess.run(list(map(str, command)), capture_output=True, text=True), command).splitlines()[-1])
    drop_page_cache()
    with MemoryGroup(limit_bytes) as group:
        return json.loads(checked(group.run([*command, "--mode", "mmap"], capture_output=True), command).splitlines()[-1])
