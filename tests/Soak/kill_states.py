#!/usr/bin/env python3
"""Kills runs that keep their states in a folder at random moments, harms files of the folder, and compares ids with runs without one.

  python3 tests/Soak/kill_states.py [--runs 200] [--model models/….gguf] [--program src/Host/bin/Release/net10.0/layerstream]

It must hold: ids are those without a folder; no more bytes than --state-size; nothing half written is left behind the next start; files are
readable by their owner only. Exit code 0 if all holds. Needs nothing beyond Python's standard library."""
import argparse, json, os, random, shutil, signal, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def files(folder, ending):
    return [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names if name.endswith(ending)]


def size_of(folder):
    return sum(os.path.getsize(f) for f in files(folder, ""))


class Program:
    def __init__(self, args, folder):
        self.base = [args.program, "run", "--json", "--quiet", "--model", args.model, "--memory-budget", args.budget, "--context", "1024",
                     "--max-tokens", "6", "--temperature", "0", "--ignore-eos", "--profile", "off"]
        self.kept = ["--state-dir", folder, "--state-size", args.state_size]

    def command(self, prompt, keeps): return self.base + ["--ids", ",".join(map(str, prompt))] + (self.kept if keeps else [])

    def ids(self, prompt, keeps=True):
        done = subprocess.run(self.command(prompt, keeps), capture_output=True, text=True)
        if done.returncode: sys.exit(f"run failed: {done.stderr}")
        return json.loads(done.stdout)["ids"]

    def killed(self, prompt, seconds, folder):
        """Whether it was killed before its end: after some seconds, or, without any, while it writes a file."""
        process = subprocess.Popen(self.command(prompt, True), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        begin = time.monotonic()
        while process.poll() is None:
            if time.monotonic() - begin > seconds if seconds else files(folder, ".part"):
                process.send_signal(signal.SIGKILL)
                process.wait()
                return True
            time.sleep(0.0005 if not seconds else 0.01)
        return False


def harm(folder, chance):
    """Truncates, flips or exchanges one file."""
    kept = files(folder, ".kept")
    if not kept: return
    path = chance.choice(kept)
    with open(path, "rb") as f: data = bytearray(f.read())
    kind = chance.randrange(3)
    if kind == 0: data = data[:chance.randrange(len(data))]
    elif kind == 1: data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    else:
        with open(chance.choice(kept), "rb") as f: data = f.read()
    with open(path, "wb") as f: f.write(data)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--budget", default="512MiB")
    parser.add_argument("--state-size", default="48MiB")
    parser.add_argument("--model", default=os.path.join(ROOT, "models", "SmolLM2-135M-Instruct-Q4_1.gguf"))
    parser.add_argument("--program", default=os.path.join(ROOT, "src/Host/bin/Release/net10.0/layerstream"))
    args = parser.parse_args()
    chance, folder = random.Random(args.seed), tempfile.mkdtemp(prefix="layerstream-states-")
    most = int(args.state_size.removesuffix("MiB")) << 20
    try:
        program = Program(args, folder)
        talks = [[chance.randrange(1000, 40000) for _ in range(n)] for n in (300, 450, 700)]
        begin = time.monotonic()
        expected = [program.ids(t, keeps=False) for t in talks]
        usual, kills, harmed, left = (time.monotonic() - begin) / len(talks), 0, 0, 0
        for run in range(args.runs):
            talk = run % len(talks)
            if chance.random() < 0.2:
                harm(folder, chance)
                harmed += 1
            prompt = talks[talk] + [1000 + run] * (run % 3)  # most write something
            bound = max(most, size_of(folder))  # a file that was exchanged may be the longer one, until a start has seen it
            was_killed = program.killed(prompt, chance.uniform(0.1, 1.3) * usual if chance.random() < 0.6 else 0, folder)
            kills += was_killed
            left += len(files(folder, ".part"))
            size = size_of(folder)
            if size > bound + len(files(folder, ".part")) * (1 << 25): sys.exit(f"run {run}: {size} bytes in the folder")
            if run % 4 == 3:
                prompt = talks[talk]
                if program.ids(prompt) != expected[talk]: sys.exit(f"run {run}: other ids than without a folder")
                if files(folder, ".part"): sys.exit(f"run {run}: half written files are left: {files(folder, '.part')}")
                if any(os.stat(f).st_mode & 0o77 for f in files(folder, "")): sys.exit(f"run {run}: a file is open to others")
                size = size_of(folder)
                if size > most: sys.exit(f"run {run}: {size} bytes in the folder behind a whole run")
        print(json.dumps({"runs": args.runs, "killed": kills, "filesHarmed": harmed, "halfWrittenSeen": left,
                          "files": len(files(folder, ".kept")), "bytes": size, "stateBytes": most}))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
