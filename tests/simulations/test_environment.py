from pathlib import Path

from simulations.lab.environment import Paths, SceneService, merged, text, tree
from watchdog.config.compile import compile_
from watchdog.config.load import load

SERVERS = {("shop", "blue"): "127.0.0.1:20001", ("shop", "green"): "127.0.0.1:20002"}


def test_the_file_is_one_that_the_daemon_accepts(tmp_path: Path) -> None:
    """What a scene writes passes the program's own checks."""
    paths = Paths(run_dir=tmp_path)
    data = tree([SceneService(routes={"labs": "/labs"})], SERVERS, paths, nginx_port=20003, commands={}, changes={})
    paths.environment.write_text(text(data))

    compiled = compile_(load(str(paths.environment)))

    assert ("shop",) == tuple(service.name for service in compiled.services)
    assert str(paths.control) == compiled.control_socket


def test_changes_merge_by_key() -> None:
    """Maps merge, anything else replaces, None takes a key away, and the base stays as it was."""
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 1}

    assert {"a": {"b": 2, "c": [3]}, "e": {"f": 1}} == merged(base, {"a": {"b": 2, "c": [3]}, "d": None, "e": {"f": 1}})
    assert {"a": {"b": 1, "c": [1, 2]}, "d": 1} == base
