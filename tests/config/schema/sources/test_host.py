"""The host's keys."""

from pathlib import Path

import pytest

from tests.config.helpers import changed
from watchdog.config.schema.sources.host import Host
from watchdog.config.units import Duration

TEXT = """
sources:
  host: {{host: {{{what}}}}}
"""


@pytest.mark.parametrize(
    ("what", "kind", "told", "without"),
    [
        ("", "machine", False, {"restarts"}),
        ("unit: app-$colour.service", "unit", True, set()),
        ("cgroup: /docker/$colour", "cgroup", True, set()),
        ("pid_file: /run/app-$colour.pid", "pid_file", True, {"oom_kills"}),
        ("pid_file: /run/app.pid", "pid_file", False, {"oom_kills"}),
    ],
)
def test_what_is_measured_decides_the_signals(
    tmp_path: Path, what: str, kind: str, without: set[str], *, told: bool
) -> None:
    """Load, swap and disks are always the machine's."""
    model = changed(tmp_path, TEXT.format(what=what)).sections.sources["host"].model
    assert isinstance(model, Host)
    signals = model.signals()

    assert kind == model.group[0]
    assert set(Host.CATALOGUE) - without == set(signals)
    own = set(signals) - {"swap", "load", "disk"}
    assert (own if told else set()) == {name for name, spec in signals.items() if spec.per_colour}


def test_disks_have_names(tmp_path: Path) -> None:
    """Each is a part of the signal; without any there is none."""
    named = changed(tmp_path, TEXT.format(what="disk: {data: /srv}")).sections.sources["host"].model.signals()
    none = changed(tmp_path, TEXT.format(what="disk: {}")).sections.sources["host"].model.signals()

    assert (frozenset({"data"}), False) == (named["disk"].members, named["disk"].bare)
    assert "disk" not in none


def test_it_is_advisory() -> None:
    """A machine that cannot be measured is no reason to stand still."""
    assert (False, Duration(5.0)) == (Host.REQUIRED, Host().poll)
