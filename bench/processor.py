"""The processor time that this process and all that it started have taken: what a busy machine leaves as it is."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PARENT, TIMES = 1, slice(11, 15)
"""Their places in a line of /proc/PID/stat, counted from the state (proc_pid_stat(5)): own times, in the program and in
the system, and those of children that ended."""


def processor_seconds(root: int | None = None) -> float:
    """Seconds that a process, this one unless another is named, has taken with all those that descend from it."""
    children: dict[int, list[int]] = defaultdict(list)
    took: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(stat.parent.name)
        children[int(fields[PARENT])].append(pid)
        took[pid] = sum(map(int, fields[TIMES]))
    known = [os.getpid() if root is None else root]
    for pid in known:
        known += children[pid]
    return sum(took.get(pid, 0) for pid in known) / TICKS
