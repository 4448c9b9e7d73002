"""Files that must be whole or not there: staged, fsynced, renamed.

What lives here: short blocking file work without knowledge of a router. What must not: decisions, waiting. Callers run
what fsyncs in a thread; `swap` is one rename(2) and may run anywhere, also when no block on the disk is free.
"""

import contextlib
import os
import shutil
import stat
from pathlib import Path
from typing import Final

READABLE: Final = 0o644
FOLDER: Final = 0o755
LIMIT_BYTES: Final = 4 * 1024 * 1024


def read(path: Path) -> str | None:
    """The file's text, or None when there is no such file. OSError or ValueError when it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(data) > LIMIT_BYTES:
        raise ValueError(f"{path} is larger than {LIMIT_BYTES} bytes")
    return data.decode()


def stage(path: Path, text: str) -> None:
    """Write a whole file under its name, durable before the name exists. OSError leaves the old one untouched."""
    beside = path.with_name(f".{path.name.lstrip('.')}.writing")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, READABLE)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                os.fchmod(file.fileno(), READABLE)  # whatever the umask: the balancer must be able to read it
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise OSError(error.errno, f"cannot write {path}: {error.strerror}") from error


def swap(staged: Path, target: Path) -> None:
    """Put a staged file in its place by rename alone."""
    staged.replace(target)


def touch(path: Path) -> None:
    """Set the time of change to now: it must say when a file came into its place, not when it was staged."""
    with contextlib.suppress(OSError):
        os.utime(path)


def keep(target: Path, beside: Path) -> None:
    """Give the present file a second name, so that it can be renamed back."""
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    try:
        os.link(target, beside)
    except OSError:  # a file system without hard links
        shutil.copy2(target, beside)


def sync_folder(folder: Path) -> None:
    """Make renames in the folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def append(path: Path, text: str) -> None:
    """Add to a file that must exist."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def identity(path: Path) -> tuple[int, int]:
    """What tells this file, as it is now, from one that took its place later; (0, 0) when it is not there."""
    try:
        facts = path.stat()
    except OSError:
        return 0, 0
    return facts.st_ino, facts.st_mtime_ns


def is_file(path: Path) -> bool:
    """Whether a file is here as nginx's `-f` sees it: links are followed, folders and dangling links are none."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def searchable(folder: Path, uid: int, groups: frozenset[int]) -> Path | None:
    """The first folder on the way that a process of this user cannot search; None when it can reach all of it."""
    if uid == 0:
        return None
    resolved = folder.resolve()
    for each in (*reversed(resolved.parents), resolved):
        facts = each.stat()
        if facts.st_uid == uid:
            bit = stat.S_IXUSR
        elif facts.st_gid in groups:
            bit = stat.S_IXGRP
        else:
            bit = stat.S_IXOTH
        if not facts.st_mode & bit:
            return each
    return None


def free(folder: Path) -> tuple[int, int]:
    """Free bytes and free inodes for this process; file systems that do not count inodes say 2**63."""
    facts = os.statvfs(folder)
    return facts.f_bavail * facts.f_frsize, facts.f_favail if facts.f_files else 2**63
