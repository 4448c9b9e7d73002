"""The machine and its processes, as psutil sees them.

What lives here: psutil, and what its answers are worth. What must not: differences between two looks.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil

from watchdog.core.model import Missing
from watchdog.sources.host.values import Amount, GoneError, Lacking, Look

NEWER_THAN_FILE_S: Final = 60.0
"""A process that began so long after its pid file was written is another one with the same number."""

_VMSTAT: Final = Path("/proc/vmstat")
_LOADAVG: Final = Path("/proc/loadavg")
_FILES: Final = Path("/proc/sys/fs/file-nr")


def cores() -> float:
    """Processors of the machine."""
    return float(psutil.cpu_count() or 1)


def memory_bytes() -> float:
    """Memory of the machine."""
    return float(psutil.virtual_memory().total)


def machine() -> Look:
    """The machine as a whole."""
    times, memory = psutil.cpu_times(), psutil.virtual_memory()
    taken, _, most = _FILES.read_text().split()
    return Look(
        main="machine",
        cpu_seconds=times.user + times.nice + times.system + times.irq + times.softirq + times.steal,
        cores=cores(),
        memory=float(memory.total - memory.available),
        memory_limit=float(memory.total),
        processes=float(len(psutil.pids())),
        threads=float(_LOADAVG.read_text().split()[3].partition("/")[2]),
        open_files=int(taken) / int(most),
    )


def oom_kills() -> Amount:
    """Processes that the kernel has ended for want of memory since the boot."""
    for line in _VMSTAT.read_text().splitlines():
        name, _, value = line.partition(" ")
        if name == "oom_kill":
            return float(value)
    return Lacking(why="the kernel does not count oom kills")


def swap() -> Amount:
    """Share of the swap space that is used."""
    space = psutil.swap_memory()
    return space.used / space.total if space.total else Lacking(missing=Missing.EMPTY, why="the machine has no swap")


def load() -> float:
    """Processes that run or wait, averaged over a minute, for each processor."""
    return os.getloadavg()[0] / cores()


def disk(path: Path) -> Amount:
    """Share of a file system that is used, as df counts: without what is kept for root."""
    try:
        return psutil.disk_usage(str(path)).percent / 100.0
    except OSError as error:
        missing = Missing.EMPTY if isinstance(error, FileNotFoundError) else Missing.ERROR
        return Lacking(missing=missing, why=f"{path}: {error.strerror}")


def tree(pid_file: Path) -> list[psutil.Process]:
    """The process of a pid file and its descendants. GoneError; OSError and ValueError for a file of no use."""
    try:
        text, written = pid_file.read_text(), pid_file.stat().st_mtime
    except FileNotFoundError:
        raise GoneError(f"{pid_file} is not there") from None
    pid = int(text.split()[0]) if text.split() else 0
    if pid <= 0:
        raise GoneError(f"{pid_file} names no process")
    try:
        main = psutil.Process(pid)
        if main.status() == psutil.STATUS_ZOMBIE:
            raise GoneError(f"process {pid} has ended")
        if main.create_time() > written + NEWER_THAN_FILE_S:
            what = f"process {pid} is younger than {pid_file}: another one has the number now"
            raise GoneError(f"{what}, or the clock was set since then; if so, touch the file")
        return [main, *main.children(recursive=True)]
    except psutil.NoSuchProcess:
        raise GoneError(f"process {pid} is not there") from None


def running(pids: Sequence[int]) -> list[psutil.Process]:
    """The processes of these numbers, oldest first. GoneError when none runs."""
    found = []
    for pid in pids:
        try:
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    if not found:
        raise GoneError("no process runs in it")
    return sorted(found, key=lambda process: (process.create_time(), process.pid))


def look(processes: Sequence[psutil.Process]) -> Look:
    """Processes together, the first one being the main one. GoneError when that one has just ended."""
    seconds = resident = threads = count = 0.0
    files: Amount = 0.0
    for process in processes:
        try:
            with process.oneshot():
                times = process.cpu_times()
                # What children used is theirs until they end and are waited for; then it is their parent's.
                seconds += times.user + times.system + times.children_user + times.children_system
                resident += process.memory_info().rss
                threads += process.num_threads()
            files = _worse(files, _open_files(process))
            count += 1
        except psutil.NoSuchProcess:
            if process is processes[0]:
                raise GoneError(f"process {process.pid} is not there") from None
    main = processes[0]
    return Look(
        main=f"{main.pid}@{_began(main.pid)}",
        cpu_seconds=seconds,
        cores=cores(),
        memory=resident,
        memory_limit=memory_bytes(),
        processes=count,
        threads=threads,
        open_files=files,
    )


def _began(pid: int) -> str:
    """When a process began, in ticks since the boot. psutil's time of day moves when the clock is set: a restart.

    GoneError.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        raise GoneError(f"process {pid} is not there") from None
    return text.rpartition(")")[2].split()[19]  # after the name, which may hold anything


def _open_files(process: psutil.Process) -> Amount:
    try:
        limit, _ = process.rlimit(psutil.RLIMIT_NOFILE)
        return process.num_fds() / limit if limit > 0 else 0.0
    except psutil.AccessDenied:
        return Lacking(why="permission: open files are shown to the processes' own user and to root")


def _worse(one: Amount, other: Amount) -> Amount:
    if isinstance(one, Lacking) or isinstance(other, Lacking):
        return one if isinstance(one, Lacking) else other
    return max(one, other)
