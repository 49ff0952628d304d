#!/bin/bash
# Runs tests as ARM64 programs on x86-64 under qemu-user, on a processor without and one with the dot product instruction.
# usage: tests/arm64.sh [PROJECT [OPTIONS OF THE TEST PROGRAM]]     (Kernels.Tests; needs Debian or a child of it, and root the first time)
# Run so on 28 November 2026 (qemu 7.2, .NET 10.0), on both processors: the stored bits.
#   Golden.Tests -class '*LogitHashTests' (all golden cases, SmolLM2 over 32 tokens, and draws, with int8, int16 and f32)
#   Kernels.Tests -class '*ProductHashTests' -class '*DefinitionTests' -class '*ElementaryTests' -class '*FloatEnvironmentTests'
set -euo pipefail
project=${1:-Kernels.Tests}
shift $(($# > 0))
root=$(cd "$(dirname "$0")/.." && pwd)
out=${TMPDIR:-/tmp}/layerstream-arm64
libraries=$out/libraries

if ! command -v qemu-aarch64-static > /dev/null; then
    apt-get install -y qemu-user-static
fi

# The libraries the runtime needs, unpacked beside the build; apt's own lists stay as they are.
if [ ! -e "$libraries" ]; then
    mkdir -p "$out"/apt/{lists,cache}/partial
    apt=(apt-get -q -o APT::Architectures=arm64 -o APT::Architecture=arm64 -o Dir::State::lists="$out/apt/lists" -o Dir::Cache="$out/apt/cache")
    "${apt[@]}" update
    (cd "$out/apt" && "${apt[@]}" download libc6 libgcc-s1 libstdc++6 libssl3)
    for package in "$out"/apt/*.deb; do
        dpkg -x "$package" "$libraries"
    done
fi

# Reference data beside the project is beside the tests too.
if [ -d "$root/../shared" ]; then
    ln -sfn "$(cd "$root/../shared" && pwd)" "$out/shared"
fi

# Its own folder for everything built and its own lock files: the build for this machine stays as it is.
dotnet publish "$root/tests/$project" -c Release -r linux-arm64 --self-contained -nodeReuse:false -v q --artifacts-path "$out" \
    -p:NuGetLockFilePath=obj/arm64.lock.json -o "$out/$project"

# With code mapped twice, to be written here and executed there, the runtime crashes under the emulator.
export DOTNET_EnableWriteXorExecute=0
failed=0
for cpu in cortex-a53 max; do
    echo "== $project on $cpu"
    qemu-aarch64-static -cpu $cpu -L "$libraries" "$out/$project/$project" "$@" || failed=1
done
exit $failed
