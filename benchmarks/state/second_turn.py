#!/usr/bin/env python3
"""What a second turn of a conversation of about 1,000 tokens costs, against one pass of as many new rows, through `chat`.

  python3 benchmarks/state/second_turn.py MODEL --budget 2GiB [--template FILE | --drops-thought] [--program src/Host/bin/Release/net10.0/layerstream]

Turns: the second one in the same process; one after a restart that finds the state in a folder (`--state-dir`); and, as the measure, a run
of as many tokens as the turn had to read. With --again the ids of the turn behind the restart are compared with those of a chat that reads
everything. --drops-thought takes a template that leaves the first letters of old answers out, as templates do that drop thought. The exit code is 1
where a turn takes more than 1.2 times its pass or ids differ. Needs nothing beyond Python's standard library; prints one JSON object."""
import argparse, json, os, random, shutil, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORDS = "river stone lamp garden winter paper silver mountain window letter harbour orange music shadow bridge candle forest".split()
MOST_TIMES = 1.2
DROPS_THOUGHT = """<|im_start|>system
You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>
{% for message in messages %}<|im_start|>{{ message['role'] }}
{% if message['role'] == 'assistant' %}{{ message['content'][6:] }}{% else %}{{ message['content'] }}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


def figures(program, arguments, lines=None):
    done = subprocess.run([program, *arguments, "--json", "--quiet", "--profile", "off"], capture_output=True, text=True,
                          input=None if lines is None else "\n".join(lines) + "\n")
    if done.returncode: sys.exit(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--budget", default="2GiB")
    parser.add_argument("--words", type=int, default=700)
    parser.add_argument("--template")
    parser.add_argument("--drops-thought", action="store_true", help="a template that takes the first letters of old answers away")
    parser.add_argument("--again", action="store_true", help="also compare with a chat that reads everything again")
    parser.add_argument("--program", default=os.path.join(ROOT, "src/Host/bin/Release/net10.0/layerstream"))
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="layerstream-states-")
    try:
        if args.drops_thought:
            args.template = os.path.join(folder, "drops.jinja")
            with open(args.template, "w") as f: f.write(DROPS_THOUGHT)
        chance = random.Random(1)
        story, other = "Remember this: " + " ".join(chance.choice(WORDS) for _ in range(args.words)), "And what came in front of it?"
        question, saved = "And what came last of all?", os.path.join(folder, "conversation.json")
        common = ["--model", args.model, "--memory-budget", args.budget, "--context", "2048", "--temperature", "0"]
        one_token = [*common, "--max-tokens", "1"]
        common += ["--max-tokens", "8", *(["--chat-template", args.template] if args.template else [])]
        kept = ["--state-dir", os.path.join(folder, "states")]
        first, second = figures(args.program, ["chat", *common, *kept], [story, f"/save {saved}", question])
        [restarted] = figures(args.program, ["chat", *common, *kept], [f"/load {saved}", other])
        rows = {}
        for name, turn in (("second", second), ("restarted", restarted)):
            new = turn["promptTokens"] - turn["sweep"]["cachedTokens"]
            ids = ",".join(str(chance.randrange(1000, 40000)) for _ in range(new))
            [one] = figures(args.program, ["run", *one_token, "--ids", ids])
            rows[name] = {"promptTokens": turn["promptTokens"], "cachedTokens": turn["sweep"]["cachedTokens"], "newRows": new,
                          "firstTokenSeconds": round(turn["promptSeconds"], 3), "onePassSeconds": round(one["promptSeconds"], 3),
                          "times": round(turn["promptSeconds"] / one["promptSeconds"], 2)}
        if any(row["promptTokens"] < args.words for row in rows.values()): sys.exit(f"the story is not in the prompts: {rows}")
        holds = all(row["times"] <= MOST_TIMES for row in rows.values())
        if args.again:
            [fresh] = figures(args.program, ["chat", *common], [f"/load {saved}", other])
            rows["withoutState"] = {"firstTokenSeconds": round(fresh["promptSeconds"], 3), "idsEqual": fresh["ids"] == restarted["ids"]}
            holds &= fresh["ids"] == restarted["ids"]
        print(json.dumps({"holds": holds, "model": os.path.basename(args.model), "budget": args.budget,
                          "firstTurnSeconds": round(first["promptSeconds"], 3), **rows, "peakMemoryBytes": max(t["peakMemoryBytes"] for t in (second, restarted)),
                          "budgetBytes": second["budgetBytes"]}, indent=1))
        if not holds: sys.exit(1)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
