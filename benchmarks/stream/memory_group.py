"""A memory control group for one program, under version 1 or version 2 of the kernel's interface. Root is needed.

  with MemoryGroup(2048 << 20) as group:
      done = group.run(["layerstream", "run", ...])
      print(group.peak_bytes, group.failed_charges)
"""
import os
import subprocess
import sys
from pathlib import Path


class MemoryGroup:
    """Made on entry and removed on exit; what runs in it may use limit_bytes of memory and page cache, and no swap."""

    def __init__(self, limit_bytes, system_root="/"):
        self.limit_bytes = limit_bytes
        mount, self.is_version2 = _mount_of_memory(Path(system_root))
        self.path = mount / f"layerstream-bench-{os.getpid()}"

    def __enter__(self):
        try:
            if self.is_version2:
                (self.path.parent / "cgroup.subtree_control").write_text("+memory")
            self.path.mkdir()
        except OSError as e:
            sys.exit(f"cannot make a memory control group at {self.path}: {e}; root is needed, and of version 2 a group that may hand the memory controller on")
        limit, swap = ("memory.max", "memory.swap.max") if self.is_version2 else ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
        (self.path / limit).write_text(str(self.limit_bytes))
        if (self.path / swap).exists():  # version 1 limits the sum of memory and swap, version 2 swap alone
            (self.path / swap).write_text("0" if self.is_version2 else str(self.limit_bytes))
        return self

    def __exit__(self, *_):
        self.path.rmdir()

    def run(self, command, **options):
        """subprocess.run of a command that is in the group before its first instruction."""
        return subprocess.run(self._entering(command), text=True, **options)

    def start(self, command, **options):
        """The same as a subprocess.Popen."""
        return subprocess.Popen(self._entering(command), text=True, **options)

    def _entering(self, command):
        return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.path / "cgroup.procs"), *map(str, command)]

    @property
    def peak_bytes(self):
        return int((self.path / ("memory.peak" if self.is_version2 else "memory.max_usage_in_bytes")).read_text())

    @property
    def failed_charges(self):
        """How often the limit was hit."""
        if not self.is_version2:
            return int((self.path / "memory.failcnt").read_text())
        events = dict(line.split() for line in (self.path / "memory.events").read_text().splitlines())
        return int(events["max"])


def _mount_of_memory(system_root):
    """Where the memory controller is mounted, and whether that is version 2."""
    version2 = None
    for line in (system_root / "proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        point = system_root / before.split()[4].lstrip("/")
        if kind == "cgroup" and "memory" in options.split(","):
            return point, False
        if kind == "cgroup2" and "memory" in (point / "cgroup.controllers").read_text().split():
            version2 = point
    if version2 is None:
        sys.exit("no memory controller of control groups is mounted")
    return version2, True
