"""An event loop whose clock is moved instead of waited for: whoever sleeps an hour wakes at once, an hour later."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _MovingSelector(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.time = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is not None and timeout > 0:
            self.time += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` moves by what the loop would have waited; `stall` moves it while nothing runs."""

    def __init__(self) -> None:
        self._moving = _MovingSelector()
        super().__init__(self._moving)

    def time(self) -> float:
        return self._moving.time

    def stall(self, seconds: float) -> None:
        """The process stands still for so long."""
        self._moving.time += seconds


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` on a loop whose clock moves by itself."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def clock() -> float:
    """The running loop's time."""
    return asyncio.get_running_loop().time()


def stall(seconds: float) -> None:
    """The process of the running loop stands still for so long."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.stall(seconds)
