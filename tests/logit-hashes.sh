#!/bin/bash
# Writes the hashes of logits and drawn ids that the golden tests compare with, after a change that is meant to change them. Cases of reference
# data that is not beside the project keep what is stored of them.
# usage: tests/logit-hashes.sh
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
stored=$root/tests/Golden.Tests/data/logit-hashes.txt
new=$(mktemp)
trap 'rm -f "$new"' EXIT
dotnet build "$root/tests/Golden.Tests" -c Release -v q -nologo
LAYERSTREAM_LOGIT_HASHES=$new dotnet "$root/tests/Golden.Tests/bin/Release/net10.0/Golden.Tests.dll" -parallelMode none -class "*LogitHashTests"
touch "$stored"
LC_ALL=C awk '!seen[$1 " " $2]++' "$new" "$stored" | LC_ALL=C sort -o "$stored"
git -C "$root" diff --stat -- "$stored"
