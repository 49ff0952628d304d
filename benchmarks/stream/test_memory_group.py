"""Both versions of the kernel's interface, on a folder that stands for it: python3 -m unittest discover benchmarks/stream"""
import tempfile
import unittest
from pathlib import Path

from memory_group import MemoryGroup, ProcessorGroup

VERSION1 = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
VERSION2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"


class MemoryGroupTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def kernel(self, mounts, **controllers):
        (self.root / "proc/self").mkdir(parents=True)
        (self.root / "proc/self/mountinfo").write_text(mounts)
        for point, text in controllers.items():
            place = self.root / "sys/fs/cgroup" / point.strip("_")
            place.mkdir(parents=True)
            (place / "cgroup.controllers").write_text(text)

    def shown(self, group, **files):
        """Puts the kernel's files into the group, reads both figures, and takes all files away, as rmdir of a control group does."""
        for name, text in files.items():
            (group.path / name.replace("__", ".")).write_text(text)
        figures = group.peak_bytes, group.failed_charges
        for file in group.path.iterdir():
            file.unlink()
        return figures

    def test_version1_limit_and_figures(self):
        self.kernel(VERSION1, memory="", unified="")
        with MemoryGroup(64 << 20, self.root) as group:
            self.assertEqual(self.root / "sys/fs/cgroup/memory", group.path.parent)
            self.assertEqual(str(64 << 20), (group.path / "memory.limit_in_bytes").read_text())
            self.assertEqual((1234, 5), self.shown(group, memory__max_usage_in_bytes="1234\n", memory__failcnt="5\n"))
        self.assertFalse(group.path.exists())

    def test_version2_limit_and_figures(self):
        self.kernel(VERSION2, _="cpu io memory pids\n")
        with MemoryGroup(64 << 20, self.root) as group:
            self.assertEqual("+memory", (self.root / "sys/fs/cgroup/cgroup.subtree_control").read_text())
            self.assertEqual(str(64 << 20), (group.path / "memory.max").read_text())
            self.assertEqual((1234, 5), self.shown(group, memory__peak="1234\n", memory__events="low 0\nhigh 0\nmax 5\noom 0\noom_kill 0\n"))

    def test_run_enters_the_group_first(self):
        self.kernel(VERSION2, _="memory\n")
        with MemoryGroup(64 << 20, self.root) as group:
            done = group.run(["sh", "-c", "echo $$"], capture_output=True)
            self.assertEqual(done.stdout, (group.path / "cgroup.procs").read_text())
            self.shown(group, memory__peak="0", memory__events="max 0")

    def test_processor_quota_of_both_versions(self):
        self.kernel(VERSION1.replace("memory", "cpu"), cpu="", unified="")
        with ProcessorGroup(1.5, self.root) as group:
            self.assertEqual(("150000", "100000"), tuple((group.path / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period")))
            for file in group.path.iterdir():
                file.unlink()
        (self.root / "proc/self/mountinfo").write_text(VERSION2)
        (self.root / "sys/fs/cgroup/cgroup.controllers").write_text("cpu\n")
        with ProcessorGroup(1, self.root) as group:
            self.assertEqual("100000 100000", (group.path / "cpu.max").read_text())
            (group.path / "cpu.max").unlink()

    def test_no_memory_controller(self):
        self.kernel("41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n", unified="\n")
        with self.assertRaises(SystemExit):
            MemoryGroup(1, self.root)


if __name__ == "__main__":
    unittest.main()
