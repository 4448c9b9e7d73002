"""Descriptors kept for the question whether stable answers."""

import contextlib
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchdog.daemon.reserve import Reserve


@contextlib.contextmanager
def none_left() -> Iterator[list[int]]:
    """A process that has opened all that it may; what it leaked."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(each.name) for each in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 8, hard))
    leaked: list[int] = []
    try:
        with contextlib.suppress(OSError):
            while True:
                leaked.append(os.dup(0))
        yield leaked
    finally:
        for each in leaked:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def opened() -> int:
    """How many can be opened now."""
    taken: list[int] = []
    try:
        while len(taken) < 20:
            taken.append(os.dup(0))
    except OSError:
        pass
    finally:
        for each in taken:
            os.close(each)
    return len(taken)


def test_it_is_needed_when_nothing_else_can_be_opened() -> None:
    """And not before."""
    reserve = Reserve(3)

    assert not reserve.needed()
    with none_left():
        assert reserve.needed()
        with reserve.lent():
            assert not reserve.needed()
            assert 3 == opened()
        assert reserve.needed()
    reserve.close()


def test_two_loans_at_once_are_held_again_after_the_last() -> None:
    """The first to end does not take the other's away."""
    reserve = Reserve(4)
    with none_left():
        with reserve.lent():
            with reserve.lent():
                assert 4 == opened()
            assert 4 == opened()
        assert 0 == opened()
    reserve.close()


def test_what_somebody_else_took_meanwhile_is_taken_back_when_it_is_free() -> None:
    """No error: the next loan has the whole of it again."""
    reserve = Reserve(2)
    with none_left() as leaked:
        with reserve.lent():
            leaked.extend((os.dup(0), os.dup(0)))
        assert reserve.needed()
        os.close(leaked.pop())
        os.close(leaked.pop())
        with reserve.lent():
            assert 2 == opened()
        assert 0 == opened()
    reserve.close()


def test_without_a_descriptor_there_is_no_reserve() -> None:
    """A daemon that starts like this cannot work; it says why."""
    with none_left(), pytest.raises(OSError, match="Too many open files"):
        Reserve()
