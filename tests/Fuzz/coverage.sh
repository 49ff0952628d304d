#!/bin/bash
# Fuzzes with AFL++ guided by the coverage of the libraries, a copy of which SharpFuzz instruments; nothing else changes.
# usage: tests/Fuzz/coverage.sh gguf|template|tokenizer SECONDS     (needs afl-fuzz, Debian: apt install afl++)
# Ends with 1 when an input crashed or hung; they lie in the folder it names.
set -euo pipefail
target=$1
seconds=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
out=${TMPDIR:-/tmp}/layerstream-coverage

mkdir -p "$out"
[ -x "$out/tools/sharpfuzz" ] || dotnet tool install SharpFuzz.CommandLine --version 2.3.0 --tool-path "$out/tools"
rm -rf "$out/program" "${out:?}/$target"
dotnet build "$root/tests/Fuzz" -c Release -nodeReuse:false -v q
cp -r "$root/tests/Fuzz/bin/Release/net10.0" "$out/program"
program=$out/program/Fuzz

mkdir -p "$out/$target/in"
options=()
arguments=()
case $target in
    gguf) "$program" coverage seeds "$out/$target/in" "$root"/tests/Golden.Tests/data/*/model.gguf "$root"/tests/Tokenization.Tests/data/vocab/*.gguf ;;
    template)
        cp "$root"/tests/Templates.Tests/data/templates/*.jinja "$out/$target/in"
        printf '{%% for m in messages %%}{{ m.role ~ m["content"]|tojson }}{%% endfor %%}' > "$out/$target/in/short"
        options=(-x "$root/tests/Fuzz/template.dict")
        ;;
    tokenizer)
        for text in "Hello world's  123456 \$%&" '中文 é 👍🏽 <|endoftext|></s><0x41>▁' $'\t\r\n  \n camelCaseHTML a/b//'; do
            printf '%s' "$text" > "$out/$target/in/$(printf '%s' "$text" | cksum | cut -d ' ' -f 1)"
        done
        arguments=("$root"/tests/Tokenization.Tests/data/vocab/*.gguf)
        ;;
esac

for library in Formats Text Models Planning; do
    "$out/tools/sharpfuzz" "$out/program/LayerStream.$library.dll"
done

# The program is managed code: afl-fuzz finds no instrumentation in its native part, and its children need the address space of a runtime.
export AFL_SKIP_BIN_CHECK=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1
afl-fuzz -V "$seconds" -i "$out/$target/in" -o "$out/$target/out" -t 10000 -m none "${options[@]}" -- "$program" coverage "$target" "${arguments[@]}" > "$out/$target/log" || { tail "$out/$target/log"; exit 2; }
grep -E 'execs_done|execs_per_sec|corpus_count|corpus_found|edges_found|saved_crashes|saved_hangs' "$out/$target/out/default/fuzzer_stats"
if grep -qE 'saved_(crashes|hangs) +: [1-9]' "$out/$target/out/default/fuzzer_stats"; then
    echo "see $out/$target/out/default/crashes and hangs"
    exit 1
fi
