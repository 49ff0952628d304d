"""Control groups for one program, under version 1 or version 2 of the kernel's interface. Root is needed.

  with MemoryGroup(2048 << 20) as group:
      done = group.run(["layerstream", "run", ...])
      print(group.peak_bytes, group.failed_charges)
"""
import os
import subprocess
import sys
from pathlib import Path


class ControlGroup:
    """A group of one controller, made on entry and removed on exit."""

    def __init__(self, controller, system_root):
        mount, self.is_version2 = _mount_of(controller, Path(system_root))
        self.controller = controller
        self.path = mount / f"layerstream-bench-{os.getpid()}"

    def __enter__(self):
        try:
            if self.is_version2:
                (self.path.parent / "cgroup.subtree_control").write_text("+" + self.controller)
            self.path.mkdir()
        except OSError as e:
            sys.exit(f"cannot make a control group at {self.path}: {e}; root is needed, and of version 2 a group that may hand the {self.controller} controller on")
        self.limit()
        return self

    def __exit__(self, *_):
        self.path.rmdir()

    def run(self, command, **options):
        """subprocess.run of a command that is in the group before its first instruction."""
        return subprocess.run(self.entering(command), text=True, **options)

    def start(self, command, **options):
        """The same as a subprocess.Popen."""
        return subprocess.Popen(self.entering(command), text=True, **options)

    def entering(self, command):
        """The command, preceded by its entry into the group."""
        return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.path / "cgroup.procs"), *map(str, command)]


class MemoryGroup(ControlGroup):
    """What runs in it may use limit_bytes of memory and page cache, and no swap."""

    def __init__(self, limit_bytes, system_root="/"):
        super().__init__("memory", system_root)
        self.limit_bytes = limit_bytes

    def limit(self):
        limit, swap = ("memory.max", "memory.swap.max") if self.is_version2 else ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
        (self.path / limit).write_text(str(self.limit_bytes))
        if (self.path / swap).exists():  # version 1 limits the sum of memory and swap, version 2 swap alone
            (self.path / swap).write_text("0" if self.is_version2 else str(self.limit_bytes))

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


class ProcessorGroup(ControlGroup):
    """What runs in it gets so many cores' time."""

    PERIOD_MICROS = 100_000

    def __init__(self, cores, system_root="/"):
        super().__init__("cpu", system_root)
        self.cores = cores

    def limit(self):
        quota = int(self.cores * self.PERIOD_MICROS)
        if self.is_version2:
            (self.path / "cpu.max").write_text(f"{quota} {self.PERIOD_MICROS}")
        else:
            (self.path / "cpu.cfs_period_us").write_text(str(self.PERIOD_MICROS))
            (self.path / "cpu.cfs_quota_us").write_text(str(quota))


def _mount_of(controller, system_root):
    """Where a controller is mounted, and whether that is version 2."""
    version2 = None
    for line in (system_root / "proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        point = system_root / before.split()[4].lstrip("/")
        if kind == "cgroup" and controller in options.split(","):
            return point, False
        if kind == "cgroup2" and controller in (point / "cgroup.controllers").read_text().split():
            version2 = point
    if version2 is None:
        sys.exit(f"no {controller} controller of control groups is mounted")
    return version2, True
