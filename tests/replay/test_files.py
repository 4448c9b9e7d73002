"""Files of scenarios: every mistake with its line."""

from pathlib import Path

import pytest

from tests.replay.stories import BAD_AT_20, ready, write
from watchdog.config.errors import ConfigError
from watchdog.replay.files import load

OK = f"{BAD_AT_20}    expect: {{}}\n"


def test_a_scenario_has_its_environment(tmp_path: Path) -> None:
    """The environment file is read as the daemon reads it, relative to the scenario file."""
    found = ready(tmp_path, OK)

    assert ("one", "app", "demo") == (found.name, found.service.name, found.environment.name)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("    expects: {}", '6: scenarios.one.expects: "expects" is not a key here; did you mean "expect"?'),
        ("    expect: {diverts: many}", '6: scenarios.one.expect.diverts: found "many", wanted a whole number'),
        ("    expect: {at: {50s: {}}}", 'scenarios.one.expect.at.50s: found "50s", wanted at most lasts (40s)'),
        ("    expect: {at: {5s: {rules: {eror-rate: firing}}}}", 'did you mean "error-rate"?'),
        ("    expect: {at: {5s: {would_have: [eror-rate]}}}", 'did you mean "error-rate"?'),
        (
            "    expect: {}\n    events: [{at: 5s, waive: {rule: eror-rate, for: 1m}}]",
            '"eror-rate" is not a rule of the service; did you mean "error-rate"?',
        ),
        ("    expect: {}\n    service: shop", '"shop" is not a service; wanted one of: app'),
        (
            "    expect: {}\n    outages: [{source: egde, missing: stale}]",
            '"egde" is not a source; did you mean "edge"?',
        ),
        (
            "    expect: {}\n    signals: {health.secnds: 1s}",
            'scenarios.one.signals.health.secnds: "health.secnds" is not a signal that a rule of the service reads',
        ),
        (
            "    expect: {}\n    faults: [{signals: {health.seconds: soon}}]",
            'found "soon", wanted a value such as 5, 80%',
        ),
        ("    expect: {}\n    series: {edge.errors: 1x3}", "wanted SOURCE.SIGNAL.COLOUR"),
        ("    expect: {}\n    series: {edge.errors.green: 1y3}", '"1y3" is no value'),
        ("    expect: {}\n    disk_full: [{from: 5s, to: 4s}]", 'found "4s", wanted a time after "5s"'),
    ],
)
def test_mistakes(tmp_path: Path, wrong: str, said: str) -> None:
    """A mistake names its file, line and key, and what would be right."""
    keys = "    says: x\n    lasts: 40s\n" + wrong + "\n"
    path = write(tmp_path, f"one:\n{keys}")

    with pytest.raises(ConfigError) as caught:
        load(path)
    assert f"{path}:" in str(caught.value)
    assert said in str(caught.value)


def test_an_environment_inside_the_file(tmp_path: Path) -> None:
    """The keys of an environment may stand in the file, with includes; their mistakes have their lines."""
    path = tmp_path / "inline.test.yml"
    include = Path(__file__).resolve().parents[2] / "rules" / "demo.yml"
    one = "scenarios:\n  one: {says: x, lasts: 1s, expect: {}}\n"
    text = f"environment:\n  include: [{include}]\n  blind_after: PLACE\n{one}"
    path.write_text(text.replace("PLACE", "7s"))
    assert 7.0 == load(str(path))[0].environment.blind_after

    path.write_text(text.replace("PLACE", "seven"))
    with pytest.raises(ConfigError, match=r"inline.test.yml:3: blind_after"):
        load(str(path))


def test_no_file(tmp_path: Path) -> None:
    """A file that is not there is an error like any other."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load(str(tmp_path / "none.yml"))
