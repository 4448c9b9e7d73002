"""File systems that are small, short of inodes or read-only, under the program's folders."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.acceptance.nginx_world import World


@contextlib.contextmanager
def small_disk(scene: World, options: str = "size=1m") -> Iterator[None]:
    """Our folders on file systems of their own, of one megabyte each unless told otherwise."""
    for folder in (scene.directory, scene.state):
        kept = {path.name: (path.read_text(), path.stat()) for path in folder.iterdir() if path.is_file()}
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"{options},mode=755", "tmpfs", folder], check=True)
        for name, (text, facts) in kept.items():
            (folder / name).write_text(text)
            # nginx has read them: with a new time it would look as if it had not, once its workers are 20 ms old.
            os.utime(folder / name, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    try:
        yield
    finally:
        for folder in (scene.directory, scene.state):
            subprocess.run(["umount", "--lazy", folder], check=True)


@contextlib.contextmanager
def read_only(*folders: Path) -> Iterator[None]:
    """These folders as they are, but nothing in them can be changed."""
    for folder in folders:
        subprocess.run(["mount", "--bind", folder, folder], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
    try:
        yield
    finally:
        for folder in folders:
            subprocess.run(["umount", "--lazy", folder], check=True)
