"""A Prometheus server that answers as told."""

from collections.abc import Callable, Mapping
from typing import Any

from watchdog.core.model import Missing
from watchdog.sources.prometheus.client import AskError, Client


class FakeClient(Client):
    """Knows some queries; a query that is refused spoils the whole question, as with the real one."""

    def __init__(
        self, answers: Mapping[str, Any] | None = None, ranges: list[Any] | None = None, at: float = 100.0
    ) -> None:
        self.answers = dict(answers or {})
        self.ranges: Any = ranges if ranges is not None else []
        self.at = at
        self.asked: list[str] = []
        self.broken: AskError | None = None
        self.interrupted = 0
        self.closed = 0
        self.on_ask: Callable[[], None] = lambda: None

    def begin(self) -> None:
        pass

    def ask(self, query: str, at: float | None = None) -> list[Any]:
        self.on_ask()
        self.asked.append(query)
        if self.broken is not None:
            raise self.broken
        if at is not None:
            if isinstance(self.ranges, AskError):
                raise self.ranges
            result: list[Any] = self.ranges
            return result
        found = []
        for part in query.split(" or label_replace"):
            text, _, name = part.removeprefix("label_replace").removeprefix("(\n").partition('\n,"rwd","')
            label = name.split('"')[0]
            answer = {"vector(time())": [({}, str(self.at))], **self.answers}.get(text, [])
            if isinstance(answer, AskError):
                raise answer
            found += [{"metric": {**labels, "rwd": label}, "value": [self.at, value]} for labels, value in answer]
        return found

    def interrupt(self) -> None:
        self.interrupted += 1

    def close(self) -> None:
        self.closed += 1


def refused(words: str = "status 400: parse error") -> AskError:
    return AskError(Missing.ERROR, words, refused=True)
