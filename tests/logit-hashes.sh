#!/bin/bash
# Hashes of logits and drawn ids that the golden tests compare with: the same bits at every instruction-set level.
# usage: tests/logit-hashes.sh                    writes them anew, after a change that is meant to change them; cases of reference data that
#                                                 is not beside the project keep what is stored of them
#        tests/logit-hashes.sh check [LEVEL…]     compares at levels of this machine (all, AVXVNNI, AVX512, AVX2, HWIntrinsic: what is switched
#                                                 off; "all" = nothing), in pieces whose time is printed as they end; then, where the model is
#                                                 beside the project, its perplexity and its answer at temperature 0
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
stored=$root/tests/Golden.Tests/data/logit-hashes.txt
tests=$root/tests/Golden.Tests/bin/Release/net10.0/Golden.Tests.dll
program=$root/src/Host/bin/Release/net10.0/layerstream
model=$root/../shared/models/SmolLM2-135M-Instruct-Q4_1.gguf
text=$root/../shared/golden/text.txt
parts=${PARTS:-8}

piece() { # NAME COMMAND…: its last line, what it took, and an end if it fails
  local name=$1 begin=$SECONDS said
  shift
  if ! said=$("$@" 2>&1); then
    echo "$name: FAILED after $((SECONDS - begin)) s"
    echo "$said" | tail -20
    exit 1
  fi
  echo "$name: $((SECONDS - begin)) s: $(echo "$said" | sed 's/\x1b\[[0-9;]*m//g' | grep -v '^ *$' | tail -1 | cut -c1-160)"
}

check() { # LEVEL
  local level=$1 setting=()
  [ "$level" = all ] || setting=("DOTNET_Enable$level=0")
  for part in $(seq 1 "$parts"); do
    piece "$level, golden cases $part of $parts" env "${setting[@]}" LAYERSTREAM_HASH_PART="$part/$parts" \
      dotnet "$tests" -parallelMode none -method "*LogitHashTests.Logits_*"
  done
  piece "$level, draws" env "${setting[@]}" dotnet "$tests" -parallelMode none -method "*LogitHashTests.Draws_*"
  for part in 1 2 3; do
    piece "$level, SmolLM2 $part of 3" env "${setting[@]}" LAYERSTREAM_HASH_PART="$part/3" \
      dotnet "$tests" -parallelMode none -method "*LogitHashTests.SmolLM2_*"
  done
  if [ -e "$model" ] && [ -e "$text" ] && [ -x "$program" ]; then
    piece "$level, perplexity" env "${setting[@]}" "$program" perplexity --quiet --model "$model" --file "$text"
    piece "$level, answer" env "${setting[@]}" "$program" run --quiet --model "$model" --temperature 0 --max-tokens 16 \
      "What is the capital of France?"
  fi
}

if [ "${1:-}" = check ]; then
  shift
  for level in "${@:-all}"; do
    check "$level"
  done
  exit
fi

new=$(mktemp)
trap 'rm -f "$new"' EXIT
dotnet build "$root/tests/Golden.Tests" -c Release -v q -nologo
LAYERSTREAM_LOGIT_HASHES=$new dotnet "$tests" -parallelMode none -class "*LogitHashTests"
touch "$stored"
LC_ALL=C awk '!seen[$1 " " $2]++' "$new" "$stored" | LC_ALL=C sort -o "$stored"
git -C "$root" diff --stat -- "$stored"
