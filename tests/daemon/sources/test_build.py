"""The one door to live sources."""

import subprocess
import sys

import pytest

from watchdog.daemon.sources import build


@pytest.mark.parametrize("client", ["psutil", "psycopg", "prometheus_api_client", "requests"])
def test_a_client_library_is_loaded_only_when_its_source_is_configured(client: str) -> None:
    """An idle daemon that asks no database carries no database client."""
    code = f"import sys, watchdog.daemon.sources.build; print({client!r} in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "False\n" == run.stdout


def test_what_is_no_source_is_refused() -> None:
    """A mistake of the program, told at once and not at the first poll."""
    with pytest.raises(AssertionError):
        build.source(object(), lambda: 0.0, lambda _: "")  # type: ignore[arg-type]  # what the test is about
