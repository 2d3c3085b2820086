"""What a command takes: seconds, processor seconds and memory of its whole process tree."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

from config import PROJECT_ROOT

SAMPLE_INTERVAL = 0.1


@dataclass(frozen=True)
class Measurement:
    """One command in a process of its own; its memory counts shared pages for each process."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str


def measure(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measurement:
    """Run a command to its end in the project's folder; leaves the program if it fails.

    Memory is the largest sum of the resident sets of the process and its children that was seen,
    looking ten times a second. Processor seconds are those of all children of this process that
    ended meanwhile: run one command at a time.

    Args:
        command: the command and its arguments.
        environment: what is set beside the variables of this process.

    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        start, cpu_before = time.perf_counter(), _cpu_seconds()
        process = subprocess.Popen(
            command, cwd=PROJECT_ROOT, env=os.environ | dict(environment or {}), stdout=output
        )
        tree, peak = psutil.Process(process.pid), 0
        while process.poll() is None:
            peak = max(peak, _resident_bytes(tree))
            time.sleep(SAMPLE_INTERVAL)
        seconds = time.perf_counter() - start
        if process.returncode:
            sys.exit(f"{' '.join(command)} failed.")
        output.seek(0)
        return Measurement(seconds, _cpu_seconds() - cpu_before, peak, output.read())


def _cpu_seconds() -> float:
    """Return what all processes started from here took that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _resident_bytes(tree: psutil.Process) -> int:
    total = 0
    try:
        for process in (tree, *tree.children(recursive=True)):
            total += process.memory_info().rss
    except psutil.NoSuchProcess:
        pass  # it ended meanwhile
    return total
