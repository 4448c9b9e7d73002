import re
import subprocess
from pathlib import Path

import pytest
import yaml

from simulations.bench import peer
from simulations.bench.peer import PROFILES, Ports, figures, read_events, write_files
from simulations.lab.processes import LabError
from tests.simulations.test_results import every, record

PORTS = Ports(balancer=20001, prometheus=20002, alertmanager=20003, webhook=20004)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_template_is_filled_in(tmp_path: Path, profile: str) -> None:
    """No placeholder is left, and what is YAML can be read."""
    write_files(tmp_path, PROFILES[profile], PORTS, blue=20005, green=20006, candidate_percent=100)

    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert [] == [name for name, text in written.items() if re.search(r"@[A-Z_]+@", text)]
    assert PROFILES[profile].scrape == yaml.safe_load(written["prometheus.yml"])["global"]["scrape_interval"]
    assert PROFILES[profile].hold == yaml.safe_load(written["rules.yml"])["groups"][0]["rules"][0]["for"]


def test_the_script_moves_everything_to_blue_and_reloads_once(tmp_path: Path) -> None:
    """For green the split is replaced; for blue nothing is done. Without a running nginx the reload is refused."""
    write_files(tmp_path, PROFILES["fast"], PORTS, blue=20005, green=20006, candidate_percent=10)
    assert "10% green; * blue;" in (tmp_path / "split.conf").read_text()

    subprocess.run([tmp_path / "rollback.sh", "blue"], cwd=tmp_path, check=True)
    assert "10% green" in (tmp_path / "split.conf").read_text()

    # A run under nohup has SIGHUP ignored, and children inherit that.
    with subprocess.Popen(["env", "--default-signal=HUP", "sleep", "60"]) as stands_for_nginx:
        (tmp_path / "nginx.pid").write_text(str(stands_for_nginx.pid))
        subprocess.run([tmp_path / "rollback.sh", "green"], cwd=tmp_path, check=True)
        assert -1 == stands_for_nginx.wait(5)

    assert "{ * blue; }" in (tmp_path / "split.conf").read_text()
    assert ["hook", "reloaded"] == list(read_events(tmp_path / "events.log"))


def test_figures_count_from_the_fault() -> None:
    """The cut is the last request on green; errors from before the fault are counted apart."""
    records = [
        record(5, "green", 500),
        *every(0.1, 0, 12, "green"),
        record(11, "green", 500),
        *every(0.1, 12, 15, "blue"),
    ]

    result = figures(records, {"hook": 11.5, "reloaded": 11.6}, fault=10)

    assert (1.9, 1.5, 1.6) == (result["cut_s"], result["hook_s"], result["reloaded_s"])
    assert (1, 1) == (result["user_errors"], result["errors_before_fault"])


def test_without_a_reload_there_is_no_cut() -> None:
    """A chain that never acted has no figure, whatever the records look like."""
    assert figures(every(0.1, 0, 12, "green"), {}, fault=10)["cut_s"] is None


def test_a_missing_program_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has the command that installs what is missing."""
    monkeypatch.setenv("PATH", "")

    with pytest.raises(LabError, match="apt-get install -y --no-install-recommends prometheus prometheus-alert"):
        peer.check_installed()
