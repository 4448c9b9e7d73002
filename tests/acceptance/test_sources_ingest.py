"""The ingest benchmark works; its figures are for script/bench, not for a test on a busy machine."""

import json
import subprocess

import pytest

from simulations.bench.ingest import main

pytestmark = pytest.mark.acceptance


def may_make_namespaces() -> bool:
    return subprocess.run(["unshare", "-n", "true"], check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not may_make_namespaces(), reason="needs the right to make a network namespace")
def test_every_line_of_a_gentle_stream_is_counted(capfd: pytest.CaptureFixture[str]) -> None:
    """At the documented kernel setting all lines are received, read and counted, and the report says so."""
    status = main(["--rps", "500", "--seconds", "0.5"])
    report = json.loads(capfd.readouterr().out.splitlines()[-1])

    assert 0 == status
    assert (0, 0, 0, 512) == (report["lost"], report["unreadable"], report["late"], report["max_dgram_qlen"])
    assert report["sent"] == report["received"] == report["counted"] > 200
