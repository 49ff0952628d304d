#!/usr/bin/env python3
"""The daemon under clients that leave, more requests than it takes, and SIGTERM in the middle of answers.

    tests/Soak/service.py [--disconnects 1000] [--overload-minutes 5] [--terminations 50] [--kills 20]

Each part starts daemons of its own and prints one line of JSON; the exit code is 0 only if all promises hold:
  disconnects  after each of them the engine is free again, and memory is within the budget;
  overload     ten times as many clients as there are places: every refusal is a 429 with Retry-After, its 99th percentile under 20 ms,
               accepted answers are whole, memory is within the budget; goodput = tokens of whole answers a second, as a share of what as many
               clients as there are places get (the clients' own work is not taken off);
  terminations exit code 0 within the limit for draining, and every answer that was under way is whole or says that it was cut;
  kills        a batch under way at each of them is completed in the end, with every request answered exactly once.
"""
import argparse, http.client, json, os, random, shutil, signal, socket, subprocess, sys, tempfile, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DRAIN_SECONDS = 8


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def body(tokens, stream, text="Tell me about the sea."):
    return json.dumps({"messages": [{"role": "user", "content": text}], "max_tokens": tokens, "stream": stream, "ignore_eos": True}).encode()


class Daemon:
    def __init__(self, a, *more):
        self.port, self.budget = free_port(), a.budget
        self.process = subprocess.Popen(
            [a.program, "serve", "--urls", f"http://127.0.0.1:{self.port}", "--model", a.model, "--memory-budget", a.budget, "--profile", "off",
             "--drain-seconds", str(DRAIN_SECONDS), *more], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                if self.get("/health")[0] == 200: return
            except OSError: pass
            if self.process.poll() is not None: break
            time.sleep(0.1)
        raise SystemExit("the daemon is not ready")

    def get(self, path):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        c.request("GET", path)
        r = c.getresponse()
        text = r.read()
        c.close()
        return r.status, text

    def requests(self): return json.loads(self.get("/v1/layerstream/status")[1])["requests"]

    def until_free(self, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            r = self.requests()
            if r["running"] + r["waiting"] == 0: return True
            time.sleep(0.01)
        return False

    def peak(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return next(int(l.split()[1]) << 10 for l in f if l.startswith("VmHWM"))

    def resident(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return next(int(l.split()[1]) << 10 for l in f if l.startswith("VmRSS"))

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def limit(text): return int(text.removesuffix("MiB")) << 20


def disconnects(a):
    d, rng, freed, base = Daemon(a), random.Random(a.seed), 0, None
    try:
        for i in range(a.disconnects):
            data = body(400, rng.random() < 0.5, "word " * rng.randint(1, 300))
            s = socket.create_connection(("127.0.0.1", d.port))
            s.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                      + f"Content-Length: {len(data)}\r\n\r\n".encode() + (data if rng.random() < 0.9 else data[:rng.randint(0, len(data))]))
            time.sleep(rng.random() * 0.15)
            if rng.random() < 0.5: s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset
            s.close()
            freed += d.until_free()
            if i == a.disconnects // 10: base = d.resident()
        status = d.get("/health")[0]
        return {"part": "disconnects", "done": a.disconnects, "freed": freed, "health": status, "peak_bytes": d.peak(), "grown_bytes": d.resident() - (base or d.resident()),
                "holds": freed == a.disconnects and status == 200 and d.peak() <= limit(a.budget)}
    finally: d.end()


def overload(a):
    d = Daemon(a, "--queue-limit", "8")
    places, seconds = 9, 60 * a.overload_minutes
    clients = 10 * places
    refused, whole, tokens, faults, lock = [], [0], [0], [], threading.Lock()

    def work(seed, until):
        rng = random.Random(seed)
        while time.monotonic() < until:
            try:
                c = http.client.HTTPConnection("127.0.0.1", d.port, timeout=600)
                c.connect()
                since = time.perf_counter()
                c.request("POST", "/v1/chat/completions", body(rng.randint(4, 24), False), {"Content-Type": "application/json"})
                r = c.getresponse()
                took = time.perf_counter() - since
                text, retry = r.read(), r.getheader("Retry-After")
                c.close()
            except OSError as e:
                with lock: faults.append(repr(e))
                continue
            with lock:
                if r.status == 429:
                    refused.append(took)
                    if not retry or int(retry) < 1: faults.append("429 without Retry-After")
                elif r.status == 200 and (made := json.loads(text)["usage"]["completion_tokens"]) > 0:
                    whole[0] += 1
                    tokens[0] += made
                else: faults.append(f"{r.status} {text[:200]}")
            if r.status == 429: time.sleep(rng.uniform(0.2, 1.0))  # sooner than asked for: that is the overload

    try:
        def answered(count, seconds):
            """Answers and tokens a second of so many clients."""
            before, begun = (whole[0], tokens[0]), time.monotonic()
            threads = [threading.Thread(target=work, args=(a.seed * 1000 + i, begun + seconds)) for i in range(count)]
            for t in threads: t.start()
            for t in threads: t.join()
            seconds = time.monotonic() - begun
            return (whole[0] - before[0]) / seconds, (tokens[0] - before[1]) / seconds

        usual = answered(places, max(20, seconds / 4))
        loaded = answered(clients, seconds)
        refused.sort()
        p99 = refused[int(len(refused) * 0.99)] * 1000 if refused else None
        return {"part": "overload", "clients": clients, "answered": whole[0], "refused": len(refused), "goodput": round(loaded[1] / usual[1], 3),
                "answers_per_second": [round(n, 2) for n in (usual[0], loaded[0])], "tokens_per_second": [round(n, 1) for n in (usual[1], loaded[1])],
                "refusal_ms_p50": round(refused[len(refused) // 2] * 1000, 2) if refused else None,
                "refusal_ms_p99": p99 and round(p99, 2), "faults": len(faults), "first_faults": faults[:3], "peak_bytes": d.peak(),
                "holds": not faults and bool(refused) and p99 < 20 and whole[0] > 0 and d.peak() <= limit(a.budget)}
    finally: d.end()


def terminations(a):
    rng, right, slowest, wrong = random.Random(a.seed), 0, 0.0, []
    for i in range(a.terminations):
        d, answers = Daemon(a), []

        def ask(stream):
            try:
                c = http.client.HTTPConnection("127.0.0.1", d.port, timeout=120)
                c.request("POST", "/v1/chat/completions", body(rng.choice([20, 2000]), stream), {"Content-Type": "application/json"})
                r = c.getresponse()
                answers.append((r.status, stream, r.read()))
            except (OSError, http.client.HTTPException) as e: answers.append((0, stream, repr(e).encode()))

        threads = [threading.Thread(target=ask, args=(s,)) for s in (True, False)]
        for t in threads: t.start()
        time.sleep(rng.uniform(0.05, 1.5))
        since = time.monotonic()
        d.process.send_signal(signal.SIGTERM)
        try: code = d.process.wait(DRAIN_SECONDS + 20)
        except subprocess.TimeoutExpired: code = None
        slowest = max(slowest, time.monotonic() - since)
        for t in threads: t.join()
        d.end()
        whole = all(status == 503 or (status == 200 and (text.endswith(b"data: [DONE]\n\n") or b'"error"' in text if stream else text.strip().endswith(b"}")))
                    for status, stream, text in answers)
        if code == 0 and whole: right += 1
        else: wrong.append({"code": code, "answers": [(s, t[-120:].decode("utf-8", "replace")) for s, _, t in answers]})
    return {"part": "terminations", "done": a.terminations, "right": right, "slowest_seconds": round(slowest, 2), "first_wrong": wrong[:2], "holds": right == a.terminations}


def kills(a):
    rng, folder, ids, started = random.Random(a.seed), tempfile.mkdtemp(), [], []
    lines = "".join(json.dumps({"custom_id": str(i), "method": "POST", "url": "/v1/completions",
                                "body": {"prompt": f"{i} and", "max_tokens": rng.randint(1, 24), "ignore_eos": True}}) + "\n" for i in range(10 * a.kills))

    def start(): return Daemon(a, "--files-dir", folder, "--sequences", "2", "--context", "256")

    def post(d, path, data, kind):
        c = http.client.HTTPConnection("127.0.0.1", d.port, timeout=60)
        c.request("POST", path, data, {"Content-Type": kind})
        return json.loads(c.getresponse().read())

    d = start()
    try:
        form = f'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n{lines}\r\n--b--\r\n'
        file = post(d, "/v1/files", form.encode(), "multipart/form-data; boundary=b")
        batch = post(d, "/v1/batches", json.dumps({"input_file_id": file["id"], "endpoint": "/v1/completions", "completion_window": "24h"}), "application/json")
        for _ in range(a.kills):
            time.sleep(rng.uniform(0.0, 1.5))
            d.end()
            d = start()
            started.append(json.loads(d.get("/v1/batches/" + batch["id"])[1])["request_counts"]["completed"])
        while True:
            batch = json.loads(d.get("/v1/batches/" + batch["id"])[1])
            if batch["status"] not in ("validating", "in_progress", "finalizing"): break
            time.sleep(0.5)
        if batch["output_file_id"]:
            ids = [json.loads(l)["custom_id"] for l in d.get(f"/v1/files/{batch['output_file_id']}/content")[1].splitlines()]
        return {"part": "kills", "done": a.kills, "completed_at_starts": started, "counts": batch["request_counts"], "answers": len(ids), "peak_bytes": d.peak(),
                "holds": batch["status"] == "completed" and sorted(ids, key=int) == [str(i) for i in range(10 * a.kills)] and d.peak() <= limit(a.budget)}
    finally:
        d.end()
        shutil.rmtree(folder)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--budget", default="192MiB"); p.add_argument("--seed", type=int, default=1)
    p.add_argument("--disconnects", type=int, default=1000); p.add_argument("--overload-minutes", type=float, default=5)
    p.add_argument("--terminations", type=int, default=50); p.add_argument("--kills", type=int, default=20)
    p.add_argument("--model", default=ROOT + "/models/SmolLM2-135M-Instruct-Q4_1.gguf"); p.add_argument("--program", default=ROOT + "/src/Host/bin/Release/net10.0/layerstream")
    a, holds = p.parse_args(), True
    for part, asked in ((disconnects, a.disconnects), (overload, a.overload_minutes), (terminations, a.terminations), (kills, a.kills)):
        if asked:
            result = part(a)
            holds &= result["holds"]
            print(json.dumps(result), flush=True)
    sys.exit(0 if holds else 1)


main()
