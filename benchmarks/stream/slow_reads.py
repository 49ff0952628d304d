#!/usr/bin/env python3
"""Runs a command whose every read of 4 KiB and more at an offset (pread64) begins later, as on a disk that is far away: each one waits for itself, so that reads in flight at the
same time wait at the same time.
  slow_reads.py MICROSECONDS COMMAND…
The kernel hands each such call to this process (seccomp user notification, Linux 5.5 and newer, x86-64 and arm64) and lets it go on when its time has come."""
import array
import ctypes
import fcntl
import heapq
import os
import platform
import select
import socket
import struct
import sys
import time

PREAD64 = {"x86_64": 17, "aarch64": 67}
SECCOMP = {"x86_64": 317, "aarch64": 277}
NO_NEW_PRIVILEGES, SET_FILTER, NEW_LISTENER = 38, 1, 8
ASK, ALLOW = 0x7FC00000, 0x7FFF0000
LEAST_BYTES = 4096  # of a direct read; what threads read about themselves is shorter
RECEIVE, SEND, CONTINUE = 0xC0502100, 0xC0182101, 1  # ioctls of 80 and 24 bytes


def filter_reads():
    """Has the kernel ask about every such pread64 of this process and of what it becomes; gives the descriptor on which it asks."""
    machine = platform.machine()
    program = b"".join(struct.pack("HBBI", *op) for op in (
        (0x20, 0, 0, 0), (0x15, 0, 2, PREAD64[machine]),  # load the number; another call: allow
        (0x20, 0, 0, 32), (0x35, 1, 0, LEAST_BYTES),      # load the third argument; as many bytes: ask
        (0x06, 0, 0, ALLOW), (0x06, 0, 0, ASK)))
    operations = ctypes.create_string_buffer(program, len(program))
    description = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(operations)))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    listener = libc.syscall(SECCOMP[machine], SET_FILTER, NEW_LISTENER, description)
    if listener < 0:
        raise OSError(ctypes.get_errno(), "seccomp gives no listener")
    return listener


def delay(listener, seconds):
    """Answers until nobody is left who might ask."""
    waiting, poll = [], select.poll()
    poll.register(listener, select.POLLIN)
    while True:
        left = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for _, event in poll.poll(None if left is None else 1000 * left):
            if event & select.POLLIN:
                asked = bytearray(80)
                try:
                    fcntl.ioctl(listener, RECEIVE, asked)
                    heapq.heappush(waiting, (time.monotonic() + seconds, struct.unpack_from("Q", asked)[0]))
                except OSError:
                    pass  # a signal took the call back
            elif event & select.POLLHUP:
                return
        while waiting and waiting[0][0] <= time.monotonic():
            try:
                fcntl.ioctl(listener, SEND, bytearray(struct.pack("QqiI", heapq.heappop(waiting)[1], 0, 0, CONTINUE)))
            except OSError:
                pass  # as above


def main():
    seconds, command = int(sys.argv[1]) / 1e6, sys.argv[2:]
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        listener = filter_reads()
        theirs.sendmsg([b"l"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener]))])
        os.close(listener)
        os.execvp(command[0], command)
    theirs.close()
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))  # threads that compute must not hold the disk up; root is needed
    _, ancillary, _, _ = ours.recvmsg(1, socket.CMSG_SPACE(4))
    if not ancillary:
        sys.exit("the command could not be started")
    delay(array.array("i", ancillary[0][2])[0], seconds)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main()
