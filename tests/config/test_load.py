import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchdog.config.errors import ConfigError
from watchdog.config.load import load

HERE = Path(__file__).parent
BAD = sorted(path.name for path in (HERE / "bad").glob("*.yml"))
RULES = HERE.parents[1] / "rules"
GOOD = (HERE / "good.yml").read_text()


@pytest.fixture
def in_bad() -> Iterator[None]:
    """File names in messages are as the operator gave them, so the tests stand where the files are."""
    before = Path.cwd()
    os.chdir(HERE / "bad")
    yield
    os.chdir(before)


def errors_of(path: Path | str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load(str(path))
    return [str(problem) for problem in raised.value.errors]


@pytest.mark.parametrize("name", BAD)
@pytest.mark.usefixtures("in_bad")
def test_every_mistake_has_its_message(name: str) -> None:
    """Each file of tests/config/bad ends with the messages that it earns (`#!`), and earns no other."""
    expected = [line[3:] for line in Path(name).read_text().splitlines() if line.startswith("#! ")]

    assert expected == errors_of(name)
    assert expected


def test_the_unchanged_file_is_good() -> None:
    """The file that the bad ones change loads without an error or a warning."""
    assert () == load(str(HERE / "good.yml")).warnings


@pytest.mark.parametrize("name", ["production.yml", "demo.yml"])
def test_the_shipped_files_are_good(name: str) -> None:
    """The environments in rules/ load without an error or a warning."""
    assert () == load(str(RULES / name)).warnings


def test_the_base_file_lacks_only_what_an_environment_adds() -> None:
    """rules/base.yml by itself misses its name, its services and the health source that its rules want."""
    assert {"environment", "services", "rules.health.probe.signal", "rules.health-slow.threshold.value"} == {
        line.split(": ")[1] for line in errors_of(RULES / "base.yml")
    }


@pytest.mark.usefixtures("in_bad")
def test_fifteen_mistakes_give_fifteen_errors_at_once() -> None:
    """One of each sort in one file: sources, every kind of rule, service, policy, plan; none hides another."""
    path = "../fifteen.yml"
    expected = [line[3:] for line in Path(path).read_text().splitlines() if line.startswith("#! ")]
    errors = errors_of(path)

    assert expected == errors
    assert 15 == len(errors)
    assert [] == [error for error in errors if not re.match(r"\.\./fifteen\.yml:[0-9]+: [a-z].*: ", error)]
    assert [] == [error for error in errors if "wanted" not in error and "did you mean" not in error]


def test_the_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    """All files and sections are checked in one run; the errors come by file and line, then their sum."""
    (tmp_path / "base.yml").write_text(
        "version: 1\n"
        "blind_afer: 1m\n"
        "sources:\n"
        "  edge: {access_log: {slow: 2}}\n"
        "  metrics: {prometheus: {}}\n"
        "  health: {health: {path: health}}\n"
    )
    (tmp_path / "all.yml").write_text(
        "include: [base.yml, gone.yml]\n"
        "environment: Test\n"
        "rules:\n"
        "  errors: {sequential_ratio: {bad: edge.erors, total: edge.requests, limit: 5}, on_fire: rolback}\n"
        "  health: {probe: {signal: health.up, fall: 0}, on_fire: rollback}\n"
        "services:\n"
        "  app:\n"
        "    stable: blue\n"
        "    data: per_color\n"
        "    sessions: shared\n"
        '    colours: {blue: {server: "127.0.0.1"}, green: {server: "127.0.0.1:8082"}}\n'
        "    router: {nginx: {directory: /etc/nginx/rwd}}\n"
        "    rules: [errors, helth]\n"
        "    plan: canari\n"
        "plans:\n"
        "  canary: {steps: [{weight: 10%}, {weight: 50%}]}\n"
        "escalation:\n"
        "  - {level: 2, contacts: [nobody]}\n"
    )
    with pytest.raises(ConfigError) as raised:
        load(str(tmp_path / "all.yml"))
    lines = str(raised.value).replace(f"{tmp_path}/", "").splitlines()

    assert [
        "all.yml:1: include",
        "all.yml:2: environment",
        "all.yml:4: rules.errors.on_fire",
        "all.yml:4: rules.errors.sequential_ratio.bad",
        "all.yml:4: rules.errors.sequential_ratio.limit",
        "all.yml:5: rules.health.probe.fall",
        "all.yml:9: services.app.data",
        "all.yml:11: services.app.colours.blue.server",
        "all.yml:13: services.app.rules",
        "all.yml:14: services.app.plan",
        "all.yml:16: plans.canary.steps[1]",
        "all.yml:16: plans.canary.steps[2].weight",
        "all.yml:18: escalation[1].contacts",
        "base.yml:2: blind_afer",
        "base.yml:4: sources.edge.access_log.slow",
        "base.yml:5: sources.metrics.prometheus.url",
        "base.yml:6: sources.health.health.path",
    ] == [":".join(line.split(":")[:3]) for line in lines[:-1]]
    assert "17 errors; nothing was loaded." == lines[-1]


def test_a_missing_file_is_named_without_a_line() -> None:
    """A path that cannot be read is the whole message."""
    assert ['/nowhere/x.yml: "/nowhere/x.yml" cannot be read: No such file or directory'] == errors_of("/nowhere/x.yml")


def test_a_single_error_is_counted_as_one() -> None:
    """The sum agrees with its number."""
    with pytest.raises(ConfigError, match=r"1 error; nothing was loaded\.$"):
        load("/nowhere/x.yml")


def test_text_that_is_not_utf_8_is_found_by_its_line(tmp_path: Path) -> None:
    """The line of the first wrong byte is given."""
    path = tmp_path / "a.yml"
    path.write_bytes(b"version: 1\nenvironment: caf\xe9\n")

    assert [f"{path}:2: is not UTF-8 text"] == errors_of(path)


def test_the_files_that_were_read_are_listed() -> None:
    """A reload can watch every file that took part."""
    files = load(str(RULES / "production.yml")).files

    assert [str(RULES / f"{name}.yml") for name in ("production", "osun-his", "base")] == list(files)


junk = st.one_of(
    st.sampled_from(["{}", "[]", "", "[[a]]", "{a: {b: c}}", "-1", "5", "yes", "1:30", "$x", "$colour", "''", "'> 1'"]),
    st.from_regex(r"[a-z0-9 .%>$-]{0,12}", fullmatch=True),
)


@given(where=st.integers(0, GOOD.count(": ") - 1), value=junk)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_value_brings_a_traceback_or_another_librarys_words(tmp_path: Path, where: int, value: str) -> None:
    """Whatever stands in whatever place, the file is loaded or every line names a place and what is wanted."""
    parts = GOOD.split(": ")
    tail = parts[where + 1]
    end = min((tail.find(mark) for mark in ",}\n" if mark in tail), default=len(tail))
    parts[where + 1] = value + tail[end:]
    path = tmp_path / "junk.yml"
    path.write_text(": ".join(parts))
    try:
        load(str(path))
    except ConfigError as error:
        for problem in error.errors:
            assert problem.file == str(path)
            assert problem.line > 0
            assert not {"Input should", "pydantic", "type=", "Value error"} & {
                word for word in ("Input should", "pydantic", "type=", "Value error") if word in problem.message
            }


def test_a_preset_serves_two_services(tmp_path: Path) -> None:
    """Its rules carry the names that it was included with, and what it was not given has its default."""
    path = tmp_path / "two.yml"
    preset = HERE / "presets" / "slow-health.yml"
    path.write_text(
        f"include: [{HERE / 'good.yml'}, {{file: {preset}, with: {{name: billing}}}},"
        f" {{file: {preset}, with: {{name: labs, limit: 3s}}}}]\n"
        "rules: {labs-leak: {on_fire: freeze}}\n"
    )
    rules = load(str(path)).sections.rules

    assert {"billing-slow-health": "> 1s", "labs-slow-health": "> 3s"} == {
        name: str(rule.threshold.when) for name, rule in rules.items() if rule.threshold and name != "lag"
    }
    assert ["observe", "freeze"] == [rules[name].on_fire.value for name in ("billing-leak", "labs-leak")]
