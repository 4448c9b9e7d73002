"""Descriptors kept for the one question that a rollback cannot do without: does stable answer now?

What lives here: a few descriptors that are held open and lent when no other is left. What must not: what they are used
for. Pulling the brake needs none, for it is a rename; reading the access log and writing the journal have theirs open.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import Final

RESERVED: Final = 8
"""A connection to each colour, and what looking up a name takes."""


class Reserve:
    """Descriptors to be lent while the process has no other."""

    def __init__(self, count: int = RESERVED) -> None:
        """OSError when not even these are to be had."""
        self._count = count
        self._held: list[int] = []
        self._lent = 0
        self._take()

    def needed(self) -> bool:
        """Whether no further descriptor can be opened now."""
        try:
            os.close(self._one())
        except OSError as error:
            return error.errno in (errno.EMFILE, errno.ENFILE)
        return False

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """While the block runs the reserve is free for use; afterwards as much of it is held again as can be had."""
        self._lent += 1
        self._release()
        try:
            yield
        finally:
            self._lent -= 1
            if not self._lent:
                with contextlib.suppress(OSError):  # somebody else took them; the next loan takes back what it can
                    self._take()

    def close(self) -> None:
        """Let go of it for good."""
        self._release()

    def _take(self) -> None:
        while len(self._held) < self._count:
            self._held.append(self._one())

    def _release(self) -> None:
        while self._held:
            os.close(self._held.pop())

    @staticmethod
    def _one() -> int:
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
