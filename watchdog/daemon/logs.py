"""The log: one structured line per unit of work, on standard error, without secrets.

What lives here: how a line looks and what must not be in it. What must not: what is worth a line. Libraries that log
by the standard library's `logging` come out in the same form, the talkative ones from WARNING on.
"""

import logging
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal, TextIO, TypeAlias

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

Form: TypeAlias = Literal["json", "console"]

HIDDEN: Final = "[hidden]"
SECRET_KEYS: Final = re.compile(r"password|passwd|secret|token|authorization|cookie|credential", re.IGNORECASE)
USER_INFO: Final = re.compile(r"(?<=://)[^/\s@]+(?=@)")
"""`user:password` in an address."""
QUIET: Final = ("httpx", "httpcore", "uvicorn", "uvicorn.error", "asyncio", "urllib3")
"""Libraries that write a line per request or connection at INFO."""
SHORTEST_SECRET: Final = 4
"""Hiding shorter values would make holes in ordinary words."""

PRIORITIES: Final = {"debug": 7, "info": 6, "warning": 4, "error": 3, "exception": 3, "critical": 2}
"""syslog(3); journald reads them from a prefix of the line."""


class Secrets:
    """Takes out of every line what must not be in it: known values, values of telling keys, passwords in addresses."""

    def __init__(self) -> None:
        self._known: tuple[str, ...] = ()

    def hide(self, value: str) -> None:
        """Keep this value out of every later line."""
        if len(value) >= SHORTEST_SECRET:
            self._known = tuple(sorted({*self._known, value}, key=len, reverse=True))

    def clean(self, text: str) -> str:
        """The text without known values and without passwords in addresses."""
        for secret in self._known:
            text = text.replace(secret, HIDDEN)
        return USER_INFO.sub(HIDDEN, text)

    def __call__(self, _logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        """Be a structlog processor."""
        return {key: HIDDEN if SECRET_KEYS.search(key) and value else self._clean(value) for key, value in line.items()}

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.clean(value)
        if isinstance(value, dict):
            return self(None, "", value)
        if isinstance(value, list | tuple):
            return [self._clean(item) for item in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self._clean(str(value))


def configure(
    *, form: Form = "json", level: str = "info", stream: TextIO | None = None, journald: bool = False
) -> Secrets:
    """Set up logging for the process; what must not be logged is told to the answer.

    `level`: debug, info, warning or error, of the daemon's own lines. `journald`: lines begin with their priority, as
    journald understands it. ValueError for another level.
    """
    threshold = logging.getLevelNamesMapping().get(level.upper())
    if threshold is None:
        raise ValueError(f"log level: found {level!r}, wanted debug, info, warning or error")
    secrets = Secrets()
    output = stream or sys.stderr
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        secrets,
    ]
    render = _renderer(form, journald=journald)
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(output),
        cache_logger_on_first_use=False,  # a second configure (tests) must take hold; a line costs some 5 us more
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    logging.basicConfig(handlers=[handler], level=threshold, force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
    logging.captureWarnings(capture=True)
    return secrets


@contextmanager
def unit(
    log: FilteringBoundLogger, event: str, *, clock: Callable[[], float] = time.monotonic, **fields: Any
) -> Iterator[dict[str, Any]]:
    """One line when the work in the block has ended, with its seconds; an error when it raised, which goes on.

    The block adds to the line by writing to the mapping that it is given.
    """
    line: dict[str, Any] = dict(fields)
    began = clock()
    try:
        yield line
    except Exception as error:
        line["error"] = f"{type(error).__name__}: {error}"
        log.error(event, seconds=round(clock() - began, 6), **line)  # noqa: TRY400  # whoever handles it decides on the traceback
        raise
    log.info(event, seconds=round(clock() - began, 6), **line)


def _renderer(form: Form, *, journald: bool) -> Processor:
    render: Processor = (
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
        if form == "console"
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    if not journald:
        return render

    def with_priority(logger: WrappedLogger, method: str, line: EventDict) -> str:
        priority = PRIORITIES.get(str(line.get("level", method)), PRIORITIES["info"])
        # journald takes every line by itself: a traceback's lines must not lose the priority.
        return "\n".join(f"<{priority}>{part}" for part in str(render(logger, method, line)).splitlines())

    return with_priority
