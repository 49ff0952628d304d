#!/usr/bin/env bash
# Programs that need no runtime on the machine. Usage: deploy/publish.sh [RID…]; results under artifacts/publish/RID.
set -euo pipefail
cd "$(dirname "$0")/.."
for rid in "${@:-linux-x64 linux-arm64 win-x64 osx-arm64}"; do
  for one in $rid; do
    # Lock files of their own: those of the clone know no runtime identifiers.
    dotnet publish src/Host/Host.csproj -c Release -r "$one" --self-contained -p:NuGetLockFilePath="obj/publish.$one.lock.json" \
      -o "artifacts/publish/$one" -v q --nologo
    echo "$one: artifacts/publish/$one ($(du -sm "artifacts/publish/$one" | cut -f1) MB)"
  done
done
