#!/usr/bin/env python3
"""The daemon with two models of a folder, switched many times while clients ask for both.

    tests/Soak/switching.py MODEL.gguf MODEL.gguf [--switches 200] [--clients 4] [--budget 256MiB] [--cgroup]

Prints one line of JSON, and on standard error every ten seconds how far it is: a switch takes one to three seconds. The exit code is 0 only
if every answer is the same as of a daemon that was asked alone, memory stayed within the budget, and descriptors and threads are where they
were. With --cgroup (Linux, v1, as root) the daemon runs in a memory group whose limit is the budget, page cache included.
"""
import argparse, http.client, json, os, shutil, socket, subprocess, sys, tempfile, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def size(text):
    for unit, shift in (("MiB", 20), ("GiB", 30)):
        if text.endswith(unit): return int(float(text[:-3]) * (1 << shift))
    return int(text)


class Daemon:
    def __init__(self, a, folder, group):
        self.port, self.loads, self.warnings = free_port(), 0, []
        command = [a.program, "serve", "--urls", f"http://127.0.0.1:{self.port}", "--models", folder, "--memory-budget", a.budget, "--profile", "off",
                   "--context", str(a.context), "--sequences", "2", "--queue-limit", str(4 * a.clients), *a.more]
        if group: command = ["sh", "-c", f"echo $$ > {group}/cgroup.procs && exec \"$@\"", "sh", *command]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        threading.Thread(target=self.read, daemon=True).start()
        for _ in range(600):
            try:
                if self.call("GET", "/health")[0] == 200: return
            except OSError: pass
            if self.process.poll() is not None: break
            time.sleep(0.1)
        raise SystemExit("the daemon is not ready: " + "\n".join(self.warnings))

    def read(self):
        for line in self.process.stderr:
            if line.startswith("ready: "): self.loads += 1
            elif not line.startswith(("unloaded: ", "listening ")): self.warnings.append(line.strip())

    def call(self, method, path, body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        c.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        r = c.getresponse()
        text = r.read()
        c.close()
        return r.status, text

    def ask(self, model):
        status, text = self.call("POST", "/v1/completions", json.dumps({"model": model, "prompt": "Once upon a time", "max_tokens": 8, "temperature": 0, "ignore_eos": True}))
        return (status, json.loads(text)["choices"][0]["text"]) if status == 200 else (status, text.decode())

    def held(self):
        p = f"/proc/{self.process.pid}"
        return len(os.listdir(p + "/fd")), len(os.listdir(p + "/task"))

    def peak(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return next(int(l.split()[1]) << 10 for l in f if l.startswith("VmHWM"))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("models", nargs=2)
    p.add_argument("--switches", type=int, default=200); p.add_argument("--clients", type=int, default=4)
    p.add_argument("--budget", default="256MiB"); p.add_argument("--context", type=int, default=256)
    p.add_argument("--cgroup", action="store_true"); p.add_argument("--program", default=ROOT + "/src/Host/bin/Release/net10.0/layerstream")
    p.add_argument("more", nargs="*", default=[])
    a = p.parse_args()
    folder, group, d = tempfile.mkdtemp(prefix="layerstream-switching-"), None, None
    for name, path in zip(("one", "two"), a.models): os.symlink(os.path.abspath(path), f"{folder}/{name}.gguf")
    if a.cgroup:
        group = f"/sys/fs/cgroup/memory/layerstream-switching-{os.getpid()}"
        os.mkdir(group)
        with open(group + "/memory.limit_in_bytes", "w") as f: f.write(str(size(a.budget)))
    try:
        d = Daemon(a, folder, group)
        alone = {m: d.ask(m) for m in ("one", "two")}
        d.ask("one")
        base, since, wrong, answered, lock = d.held(), time.monotonic(), [], [0], threading.Lock()

        def work(client):
            i = client
            while d.loads < a.switches + 3 and d.process.poll() is None:
                model = ("one", "two")[i % 2]
                try: got = d.ask(model)
                except OSError as e: got = (0, repr(e))
                with lock:
                    answered[0] += 1
                    if got != alone[model]: wrong.append((model, got))
                i += 1

        threads = [threading.Thread(target=work, args=(c,)) for c in range(a.clients)]
        for t in threads: t.start()
        told = since
        for t in threads:
            while t.is_alive():
                t.join(1)
                if time.monotonic() - told >= 10:
                    told = time.monotonic()
                    print(f"{told - since:.0f} s: {d.loads} of {a.switches + 3} loads, {answered[0]} answers, {len(wrong)} wrong", file=sys.stderr, flush=True)
        time.sleep(1)
        alive, peak, held, fails = d.process.poll() is None, d.peak(), d.held(), 0
        if group:
            peak = max(peak, int(open(group + "/memory.max_usage_in_bytes").read()))
            fails = int(open(group + "/memory.failcnt").read())
        holds = alive and not wrong and peak <= size(a.budget) and held[0] <= base[0] + 8 and held[1] <= base[1] + 8 and all(s == 200 for s, _ in alone.values())
        print(json.dumps({"part": "switching", "loads": d.loads, "answers": answered[0], "wrong": len(wrong), "first_wrong": wrong[:2], "seconds": round(time.monotonic() - since, 1),
                          "peak_bytes": peak, "budget_bytes": size(a.budget), "failcnt": fails, "descriptors": [base[0], held[0]], "threads": [base[1], held[1]],
                          "warnings": d.warnings[:5], "holds": holds}), flush=True)
        sys.exit(0 if holds else 1)
    finally:
        if d:
            d.process.kill()
            d.process.wait()
        shutil.rmtree(folder)
        if group:
            time.sleep(0.5)
            os.rmdir(group)


main()
