#!/usr/bin/env python3
"""Renders every template of cases.txt by Jinja2 (the environment that chat templates are written for) and writes vectors.json beside it.

A line of cases.txt is a template; in it "¶" stands for a line end. A line that begins with "##" sets the heading of what follows.
Usage: python3 record.py  (needs jinja2 3.1)
"""
import copy
import datetime
import json
import os

import jinja2
import jinja2.ext
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = os.path.dirname(os.path.abspath(__file__))
NOW = datetime.datetime(2026, 3, 5, 9, 7, 3)
VARIABLES = {
    "messages": [
        {"role": "system", "content": "You are kind."},
        {"role": "user", "content": "Hi <b>&'\"\n", "name": None},
        {"role": "assistant", "content": "", "tool_calls": [
            {"type": "function", "function": {"name": "f", "arguments": {"b": 1, "a": [1.5, None, True], "c": {}}}}]},
        {"role": "tool", "content": [{"type": "text", "text": "x"}, {"type": "image"}]},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"properties": {"p": {"type": ["string", "null"]}}}}}],
    "people": [
        {"name": "Ann", "age": 31, "city": "Oslo", "tags": ["x", "y"]}, {"name": "bob", "age": 25, "city": "Rome"},
        {"name": "Cid", "age": 31, "city": "oslo", "more": {"rank": 2}}, {"name": "dee", "age": 40, "city": "Bern", "more": {"rank": 1}},
    ],
    "words": ["b", "A", "c", "B", "a"], "numbers": [3, 1, 2, 3, -7, 0], "reals": [1.5, 2.5, -0.0, 1e22, 1e-7, 3.0],
    "d": {"b": 1, "A": 2, "a": 3, "items": "own", "none": None}, "text": "Hello, wörld! 👍 x", "lines": "a\n  b\n\nc\n", "blank": "  \t x \n ",
    "big": 123456789012345678901234567890, "none": None, "yes": True, "no": False, "empty": "", "zero": 0, "half": 0.5, "bos_token": "<s>",
}


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def to_json(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def fail(message):
    raise jinja2.exceptions.TemplateError(message)


def environment():
    made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols, "jinja2.ext.do"])
    made.filters["tojson"] = to_json
    made.globals["raise_exception"] = fail
    made.globals["strftime_now"] = lambda form: NOW.strftime(form)
    return made


def main():
    env, rows, heading = environment(), [], ""
    for line in open(os.path.join(HERE, "cases.txt"), encoding="utf-8").read().split("\n"):
        if line.startswith("##"):
            heading = line[2:].strip()
            continue
        if not line:
            continue
        row = {"about": heading, "template": line.replace("¶", "\n")}
        try:
            row["output"] = env.from_string(row["template"]).render(**copy.deepcopy(VARIABLES))
        except Exception as error:  # noqa: BLE001 - whatever a template can cause is a refusal
            row["error"] = type(error).__name__
        rows.append(row)
    with open(os.path.join(HERE, "vectors.json"), "w", encoding="utf-8") as out:
        out.write('{"now":%s,"variables":%s,"cases":[\n' % (json.dumps(NOW.isoformat()), json.dumps(VARIABLES, ensure_ascii=False)))
        out.write(",\n".join(json.dumps(r, ensure_ascii=False) for r in rows))
        out.write("\n]}\n")
    print(f"{len(rows)} cases, {sum('error' in r for r in rows)} of them refused")


if __name__ == "__main__":
    main()
