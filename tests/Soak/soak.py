#!/usr/bin/env python3
"""Soak test of the daemon: mixed load in a memory cgroup as large as the budget (v1, or v2 where it is mounted).

  python3 tests/Soak/soak.py [--budget 192MiB] [--minutes 10] [--model models/….gguf] [--program src/Host/bin/Release/net10.0/layerstream]

Needs root for the cgroup, otherwise nothing beyond Python's standard library. Load: streams read to the end, streams left in the middle or in
the queue, answers in one piece, bodies too large, nested, packed or malformed, slow readers of traces, scrapes of figures. It must hold:
the group's failure count stays 0 and its peak within the limit; every reply has a documented status; the process answers at the end, and
its descriptors, threads and resident memory are back to where they were after the first half. Exit code 0 if all holds."""
import argparse, collections, gzip, http.client, json, os, random, signal, socket, subprocess, sys, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCUMENTED = {200, 204, 400, 404, 405, 408, 413, 414, 415, 429, 431, 503}


class Group:
    """A memory cgroup with a limit; v2 where the controller is delegated, else v1."""

    def __init__(self, limit):
        name = f"layerstream-soak-{os.getpid()}"
        v2 = next((p for p in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified") if os.path.exists(p + "/cgroup.controllers")
                   and "memory" in open(p + "/cgroup.controllers").read().split()), None)
        self.is_v2 = v2 is not None
        self.path = os.path.join(v2 or "/sys/fs/cgroup/memory", name)
        if v2:
            with open(v2 + "/cgroup.subtree_control", "w") as f: f.write("+memory")
        os.mkdir(self.path)
        self.write("memory.max" if v2 else "memory.limit_in_bytes", limit)
        if v2 and os.path.exists(self.path + "/memory.swap.max"): self.write("memory.swap.max", 0)

    def write(self, name, value):
        with open(os.path.join(self.path, name), "w") as f: f.write(str(value))

    def read(self, name):
        with open(os.path.join(self.path, name)) as f: return f.read()

    def enter(self): self.write("cgroup.procs", 0)

    def failures(self):
        if not self.is_v2: return int(self.read("memory.failcnt"))
        return int(dict(line.split() for line in self.read("memory.events").splitlines())["max"])

    def peak(self): return int(self.read("memory.peak" if self.is_v2 else "memory.max_usage_in_bytes"))

    def remove(self):
        for _ in range(50):
            try: return os.rmdir(self.path)
            except OSError: time.sleep(0.1)


class Load:
    def __init__(self, port, until):
        self.port, self.until, self.statuses, self.odd, self.lock = port, until, collections.Counter(), [], threading.Lock()

    def count(self, kind, status):
        with self.lock:
            self.statuses[f"{kind} {status}"] += 1
            if isinstance(status, int) and status not in DOCUMENTED: self.odd.append((kind, status))

    def call(self, method, path, body=None, headers=None, timeout=120):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            c.request(method, path, body, {"Content-Type": "application/json", **(headers or {})} if body is not None else headers or {})
            r = c.getresponse(); r.read(); return r.status
        finally: c.close()

    def send(self, body):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        s.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        return s

    def whole_stream(self, rng):
        s = self.send(chat(stream=True, max_tokens=rng.randint(1, 40), ignore_eos=True, logprobs=rng.random() < 0.3)); got = b""
        with s:
            while b"[DONE]" not in got[-64:]:
                part = s.recv(65536)
                if not part or b"\r\n0\r\n\r\n" in got[-16:]: break
                got += part
                if not got.startswith(b"HTTP/1.1 200"): break
        return int(got[9:12] or 0)

    def left_stream(self, rng):
        s = self.send(chat(stream=True, max_tokens=200, ignore_eos=True))
        time.sleep(rng.random() * 0.5)
        if rng.random() < 0.5: s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        s.close(); return "left"

    def answer(self, rng): return self.call("POST", "/v1/chat/completions", chat(max_tokens=rng.randint(1, 30), logprobs=True, top_logprobs=rng.choice([0, 20])))

    def large_body(self, rng):
        size = rng.choice([100_000, 1_000_000, 3_000_000])
        body = rng.choice([
            lambda: b'{"messages":[{"role":"user","content":"Hi"}],"max_tokens":1,"metadata":[' + b",".join([b"[]"] * (size // 3)) + b"]}",
            lambda: b'{"messages":[' + b",".join([b'{"role":"user","content":"a"}'] * (size // 30)) + b'],"max_tokens":1}',
            lambda: chat("word " * (size // 5), max_tokens=1),
            lambda: json.dumps({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * size}}]}]}).encode(),
            lambda: b'{"messages":' * 1000,
            lambda: chat("x" * size)[:-5]])()
        if rng.random() < 0.3: return self.call("POST", "/v1/chat/completions", gzip.compress(body, 1), {"Content-Encoding": "gzip"})
        return self.call("POST", "/v1/chat/completions", body)

    def slow_body(self, rng):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        with s:
            s.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n")
            for _ in range(rng.randint(1, 20)): s.sendall(b" " * 500); time.sleep(0.1)
        return "left"

    def trace(self, rng):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            c.request("GET", "/v1/layerstream/trace?format=" + rng.choice(["lstr", "chrome", "otlp", "json"])); r = c.getresponse()
            end = time.time() + rng.choice([0.1, 5])
            while time.time() < end and r.read(4096): time.sleep(0.02)
            return r.status
        finally: c.close()

    def scrape(self, rng): return self.call("GET", rng.choice(["/metrics", "/v1/layerstream/status", "/health", "/v1/models", "/nothing", "/" + "a" * 9000]))

    def malformed(self, rng):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        with s:
            s.sendall(rng.choice([b"GET /health\r\n\r\n", b"GET /health HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 20000 + b"\r\n\r\n"]))
            got = s.recv(65536)
        return int(got[9:12] or 0)

    def work(self, kind, seed, pause):
        rng = random.Random(seed)
        while time.time() < self.until:
            try: self.count(kind.__name__, kind(rng))
            except (OSError, http.client.HTTPException) as e: self.count(kind.__name__, type(e).__name__)
            time.sleep(rng.random() * pause)


def chat(text="Tell me about the sea.", **more): return json.dumps({"messages": [{"role": "user", "content": text}], **more}).encode()


def figures(pid):
    status = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status"))
    return {"descriptors": len(os.listdir(f"/proc/{pid}/fd")), "threads": int(status["Threads"]), "rss": int(status["VmRSS"].split()[0]) << 10, "peak": int(status["VmHWM"].split()[0]) << 10}


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--budget", default="192MiB"); a.add_argument("--minutes", type=float, default=10); a.add_argument("--seed", type=int, default=1)
    a.add_argument("--model", default=ROOT + "/models/SmolLM2-135M-Instruct-Q4_1.gguf"); a.add_argument("--program", default=ROOT + "/src/Host/bin/Release/net10.0/layerstream")
    o = a.parse_args(); limit = int(o.budget[:-3]) << {"MiB": 20, "GiB": 30}[o.budget[-3:]]
    with socket.socket() as s: s.bind(("127.0.0.1", 0)); port = s.getsockname()[1]
    group = Group(limit); log = open(f"/tmp/soak-{port}.log", "w+")
    p = subprocess.Popen([o.program, "serve", "--urls", f"http://127.0.0.1:{port}", "--model", o.model, "--memory-budget", o.budget, "--context", "1024"], stdout=log, stderr=log, preexec_fn=group.enter)
    wrong = []
    try:
        load = Load(port, 0)
        for _ in range(600):
            try:
                if load.call("GET", "/health", timeout=2) == 200: break
            except OSError: pass
            if p.poll() is not None: sys.exit(f"the daemon ended with {p.returncode}: {open(log.name).read()[-800:]}")
            time.sleep(0.1)
        # What the first half leaves behind is compared with what the second does: code compiled and a heap grown to its usual size are no leaks.
        load.until = time.time() + 30 * o.minutes; run(load, o.seed); settle(load); base = figures(p.pid)
        load.until = time.time() + 30 * o.minutes; run(load, o.seed + 1000)
        if p.poll() is not None: wrong.append(f"the daemon ended with {p.returncode}")
        else:
            settle(load); end = figures(p.pid)
            status = load.call("POST", "/v1/chat/completions", chat(max_tokens=2)); wrong += [f"a request afterwards: {status}"] * (status != 200)
            if end["descriptors"] > base["descriptors"] + 5: wrong.append("descriptors")
            if end["threads"] > base["threads"] + 5: wrong.append("threads")
            if end["rss"] > base["rss"] + (8 << 20): wrong.append("resident memory")
            print("base", base, "end", end)
        if group.failures() > 0 or group.peak() > limit: wrong.append("memory limit")
        if load.odd: wrong.append(f"undocumented: {load.odd[:5]}")
        print(f"{o.budget}, {o.minutes} min, cgroup v{2 if group.is_v2 else 1}: failures {group.failures()}, peak {group.peak() / 2**20:.1f} of {limit / 2**20:.0f} MiB")
        print("replies:", dict(sorted(load.statuses.items())))
        print("log:", open(log.name).read()[-600:])
    finally:
        if p.poll() is None: p.send_signal(signal.SIGTERM)
        try: code = p.wait(60)
        except subprocess.TimeoutExpired: p.kill(); code = "killed"
        group.remove()
    if code != 0: wrong.append(f"exit code {code}")
    print("right" if not wrong else f"WRONG: {wrong}"); sys.exit(bool(wrong))


def settle(load):
    for _ in range(100):
        c = http.client.HTTPConnection("127.0.0.1", load.port, timeout=30); c.request("GET", "/v1/layerstream/status"); state = json.loads(c.getresponse().read()); c.close()
        if state["requests"]["running"] + state["requests"]["waiting"] == 0: break
        time.sleep(0.2)
    time.sleep(25)  # idle threads of the pool end after 20 s


def run(load, seed):
    kinds = [(load.whole_stream, 0.2)] * 3 + [(load.left_stream, 0.5)] * 2 + [(load.answer, 0.5)] * 2 + [(load.large_body, 1)] * 3 + [(load.slow_body, 1)] * 2 + [(load.trace, 1)] * 3 + [(load.scrape, 0.5), (load.malformed, 1)]
    threads = [threading.Thread(target=load.work, args=(kind, seed + i, pause)) for i, (kind, pause) in enumerate(kinds)]
    for t in threads: t.start()
    for t in threads: t.join()


if __name__ == "__main__": main()
