"""A line of the log is complete, of one form, and without secrets."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from watchdog.daemon.logs import HIDDEN, QUIET, Form, Secrets, configure, unit


class Log:
    """The log of one test: configured to a buffer."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.secrets = Secrets()

    def configure(self, *, form: Form = "json", level: str = "info", journald: bool = False) -> Any:
        self.secrets = configure(form=form, level=level, stream=self.stream, journald=journald)
        return structlog.get_logger()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    for handler in before:
        root.removeHandler(handler)  # pytest's own; configure would close them
    yield Log()
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    for handler in list(root.handlers):
        root.removeHandler(handler)
    for handler in before:
        root.addHandler(handler)
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.NOTSET)


def fail(message: str) -> None:
    raise RuntimeError(message)


def test_a_line_is_json(log: Log) -> None:
    """Event, fields, level and a UTC time, on one line."""
    log.configure().info("rolled_back", service="shop", took=1.5)

    (line,) = log.lines
    assert ("rolled_back", "shop", 1.5, "info") == (line["event"], line["service"], line["took"], line["level"])
    assert line["timestamp"].endswith("Z")


def test_a_line_for_a_terminal(log: Log) -> None:
    """The console form is readable without a tool."""
    log.configure(form="console").info("rolled_back", service="shop")

    assert "rolled_back" in log.text
    assert "service=shop" in log.text


def test_libraries_come_out_in_the_same_form(log: Log) -> None:
    """A warning of a library, and one of Python itself, are lines like ours."""
    log.configure()
    logging.getLogger("some.library").warning("careful with %s", "that")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", UserWarning, stacklevel=1)

    assert ["careful with that", "some.library", "warning"] == [log.lines[0][k] for k in ("event", "logger", "level")]
    assert "UserWarning: old" in log.lines[1]["event"]


@pytest.mark.parametrize("name", ["httpx", "uvicorn.error"])
def test_talkative_libraries_are_quiet(log: Log, name: str) -> None:
    """A line per request is not written, a warning is."""
    log.configure()
    logging.getLogger(name).info("HTTP Request: GET ...")
    logging.getLogger(name).warning("trouble")

    assert ["trouble"] == [line["event"] for line in log.lines]


def test_levels(log: Log) -> None:
    """Lines below the level are not written, for us and for libraries."""
    logger = log.configure(level="warning")
    logger.info("no")
    logging.getLogger("some.library").info("no")
    logger.warning("yes")

    assert ["yes"] == [line["event"] for line in log.lines]


def test_an_unknown_level(log: Log) -> None:
    """The error says what was found and what would be right."""
    with pytest.raises(ValueError, match="log level: found 'loud', wanted debug, info, warning or error"):
        log.configure(level="loud")


def test_secrets_do_not_get_out(log: Log) -> None:
    """Known values, telling keys and passwords in addresses are hidden: in fields, inside them, in tracebacks."""
    logger = log.configure()
    log.secrets.hide("hunter22")
    log.secrets.hide("abc")  # too short to hide without harm
    try:
        fail("no entry with hunter22")
    except RuntimeError:
        logger.exception("failed", url="https://ama:pass@host/x", deep={"a": ["hunter22"], "Token": "t"}, word="abcd")
    logging.getLogger("some.library").warning("sent hunter22")
    logger.info("kept", password="", authorization="Bearer x", error=ValueError("hunter22"))

    assert "hunter22" not in log.text
    assert "pass@" not in log.text
    first, second, third = log.lines
    assert f"https://{HIDDEN}@host/x" == first["url"]
    assert {"a": [HIDDEN], "Token": HIDDEN} == first["deep"]
    assert "abcd" == first["word"]
    assert f"RuntimeError: no entry with {HIDDEN}" in first["exception"]
    assert f"sent {HIDDEN}" == second["event"]
    assert ("", HIDDEN, HIDDEN) == (third["password"], third["authorization"], third["error"])


def test_priorities_for_journald(log: Log) -> None:
    """Every line begins with its priority, also those of a traceback and of libraries."""
    logger = log.configure(form="console", journald=True)
    logger.info("fine")
    logger.warning("careful")
    logging.getLogger("some.library").error("broken")
    try:
        fail("x")
    except RuntimeError:
        logger.exception("failed")

    lines = log.text.splitlines()
    assert ["<6>", "<4>", "<3>"] == [line[:3] for line in lines[:3]]
    assert len(lines) > 5
    assert {"<3>"} == {line[:3] for line in lines[3:]}


def test_a_unit_of_work_is_one_line(log: Log) -> None:
    """Its line comes at its end, with its seconds and what the work found out."""
    times = iter([10.0, 10.25])
    with unit(log.configure(), "applied", clock=lambda: next(times), service="shop") as line:
        assert "" == log.text
        line["ok"] = True

    (written,) = log.lines
    assert ("applied", 0.25, "shop", True) == tuple(written[key] for key in ("event", "seconds", "service", "ok"))


def test_a_unit_of_work_that_fails_is_one_line(log: Log) -> None:
    """The error is in the line and goes on to the caller."""
    with pytest.raises(KeyError), unit(log.configure(), "applied", service="shop"):
        raise KeyError("green")

    (written,) = log.lines
    assert ("applied", "error", "KeyError: 'green'") == (written["event"], written["level"], written["error"])
