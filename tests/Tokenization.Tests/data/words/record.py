#!/usr/bin/env python3
"""Cuts random texts into words by the regular expressions of the pre-tokenisers and writes words.json beside it.

Every expression of a list is applied to each piece that the one before left; matches and the gaps between them become pieces.
Usage: python3 record.py  (needs the package "regex")
"""
import json
import os
import random

import regex

C = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
S = r"[\t-\r \x85\xA0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]"
NS = S.replace("[", "[^", 1)
TAIL = rf"{S}+(?!{NS})|{S}+"


def but(inner):
    return "[^" + S[1:-1] + inner + "]"


GPT2 = rf"'s|'t|'re|'ve|'m|'ll|'d| ?\p{{L}}+| ?\p{{N}}+| ?{but(chr(92) + 'p{L}' + chr(92) + 'p{N}')}+|{TAIL}"


def llama3(numbers=r"\p{N}{1,3}", letters=r"\p{L}", after=r"[\r\n]*", inside="", lines=r"[\r\n]+"):
    kinds = r"\p{N}" + (letters[1:-1] if letters.startswith("[") else letters) + inside
    run = letters if letters.startswith("[") else letters
    return rf"{C}|[^\r\n\p{{L}}\p{{N}}]?{run}+|{numbers}| ?{but(kinds)}+{after}|{S}*{lines}|{TAIL}"


def o200k(numbers=r"\p{N}{1,3}", tail=C + "?", after=r"[\r\n/]*", first="", less=""):
    upper, lower = rf"[[\p{{Lu}}\p{{Lt}}\p{{Lm}}\p{{Lo}}\p{{M}}]{less}]", rf"[[\p{{Ll}}\p{{Lm}}\p{{Lo}}\p{{M}}]{less}]"
    lead, kinds = r"[^\r\n\p{L}\p{N}]?", r"\p{L}\p{N}"
    return (rf"{first}{lead}{upper}*{lower}+{tail}|{lead}{upper}+{lower}*{tail}|{numbers}"
            rf"| ?{but(kinds)}+{after}|{S}*[\r\n]+|{TAIL}")


HAN = r"[\u4E00-\u9FFF\u3400-\u4DBF\U00020000-\U0002A6DF\U0002A700-\U0002EBEF\uF900-\uFAFF\U0002F800-\U0002FA1F]"
PUNCTUATION = r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"""
DSV3 = [r"\p{N}{1,3}", r"[一-龥぀-ゟ゠-ヿ]+",
        rf"{PUNCTUATION}[A-Za-z]+|[^\r\n\p{{L}}\p{{P}}\p{{S}}]?[\p{{L}}\p{{M}}]+| ?[\p{{P}}\p{{S}}]+[\r\n]*|{S}*[\r\n]+|{TAIL}"]
CJK = r"[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
LISTS = {
    "gpt-2": [GPT2], "trillion": [GPT2], "smollm": [r"\p{N}", GPT2], "starcoder": [r"\p{N}", GPT2],
    "llama-bpe": [llama3()], "dbrx": [llama3()], "chatglm-bpe": [llama3()], "glm4": [llama3()],
    "qwen2": [llama3(r"\p{N}")], "megrez": [llama3(r"\p{N}")], "qwen35": [llama3(r"\p{N}", r"[\p{L}\p{M}]")],
    "bailingmoe": [llama3(r"\p{N}", lines=r"[\r\n]")], "seed-coder": [llama3(r"\p{N}", after="", inside=r"\r\n")],
    "minicpm5": [r"\p{N}{1,3}", llama3(r"\p{N}+")],
    "exaone-moe": [rf"{C}|[^\r\n\p{{L}}\p{{N}}]?(?:\p{{L}}\p{{M}}*(?: \p{{L}}\p{{M}}*)*)+|\p{{N}}"
                   rf"| ?{but(chr(92) + 'p{L}' + chr(92) + 'p{N}')}+[\r\n/]?|{S}*[\r\n]|{TAIL}"],
    "gpt-4o": [o200k()], "minimax-m2": [o200k()], "tekken": [o200k(r"\p{N}", "")],
    "kimi-k2": [o200k(after=r"[\r\n]*", first=HAN + "+|", less="--" + HAN)],
    "deepseek-coder": [r"[\r\n]", rf"{S}?\p{{L}}+", rf"{S}?\p{{P}}+", CJK, r"\p{N}"],
    "deepseek-v3": DSV3, "hunyuan-dense": DSV3,
    "falcon": [r"[\p{P}$+<=>^~|`]+", GPT2, r"[0-9][0-9][0-9]"], "default": [r"[\p{P}$+<=>^~|]+", GPT2, r"\p{N}+", r"[0-9][0-9][0-9]"],
    "gemma4": [r"[^\n]+|[\n]+"], "sarvam-moe": [r"[^\n]+|[\n]+"],
}
POOL = ("a b c A B Z z é É ß ǅ ʰ ª א ا 中 文 カ ひ 한 \u0301 \u0308 \u093f 1 2 3 0 ½ ² Ⅷ ٣ ' ' ' s S t re LL d ve m . , ! ? - _ ( ) / / $ + < = > ^ ~ | ` "
        "\\ @ # « ” — € ° № 👍 🇩 \u200d \u200b \ufeff \x00 \x1c \x7f 𐐨 𝒳 𠀀 豈 ſ").split(" ") \
    + [" "] * 14 + ["\n"] * 5 + ["\r", "\r\n", "\t", "\xa0", "\u3000", "\x85", "\u2028", "\x0b", "word", "Word", "WORD", "12345", "   ", "\n\n"]


def cut(expressions, text):
    pieces = [text]
    for expression in expressions:
        compiled, found = regex.compile(expression, regex.V1), []
        for piece in pieces:
            end = 0
            for match in compiled.finditer(piece):
                if match.start() > end:
                    found.append(piece[end:match.start()])
                if match.end() > match.start():
                    found.append(match.group())
                end = max(end, match.end())
            if end < len(piece):
                found.append(piece[end:])
        pieces = found
    return pieces


def main():
    source, rows = random.Random(20261128), []
    for name, expressions in LISTS.items():
        for _ in range(60):
            text = "".join(source.choice(POOL) for _ in range(source.randint(1, 14)))
            rows.append([name, cut(expressions, text)])
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "words.json"), "w", encoding="utf-8") as out:
        out.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    print(len(rows), "texts")


if __name__ == "__main__":
    main()
