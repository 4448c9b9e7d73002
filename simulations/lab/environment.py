"""The environment file of a laboratory: what an operator would write for it, with short times.

What lives here: from ports and paths to the file's text. What must not: starting anything. Short soaks let a release
pass in seconds; the rules and their limits are those that the documentation shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

Tree: TypeAlias = dict[str, Any]

RULES: Tree = {
    "error-rate": {
        "sequential_ratio": {"bad": "edge.errors", "total": "edge.requests", "limit": "5%"},
        "on_fire": "rollback",
        "warm_up": "2s",
    },
    "latency-p95": {
        "sequential_ratio": {"bad": "edge.slow", "total": "edge.requests", "limit": "5%"},
        "on_fire": "rollback",
        "warm_up": "2s",
    },
    "health": {"probe": {"signal": "health.up", "fall": 3, "rise": 2}, "on_fire": "rollback"},
}

PLAN: Tree = {
    "steps": [
        {"weight": "10%", "soak": "5s", "gate": {"requests": 10, "per_critical_route": 0}},
        {"weight": "50%", "soak": "5s", "gate": {"requests": 20, "per_critical_route": 0}},
        {"weight": "100%"},
    ],
    "bake": "10s",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneService:
    """One blue/green pair of a scene."""

    name: str = "shop"
    path: str = "/"
    """The location that goes to it."""
    routes: Mapping[str, str] = field(default_factory=dict)
    """Name to path, for the access log; the names are common to all services of a scene."""
    haproxy: bool = False
    """nginx sends its users to a HAProxy, and that one to the applications."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Where a scene keeps what it is made of."""

    run_dir: Path

    @property
    def generated(self) -> Path:
        return self.run_dir / "generated"

    @property
    def state(self) -> Path:
        return self.run_dir / "state"

    @property
    def environment(self) -> Path:
        return self.run_dir / "environment.yml"

    @property
    def control(self) -> Path:
        return self.run_dir / "control.sock"

    @property
    def edge(self) -> Path:
        return self.state / "edge.sock"

    @property
    def nginx_conf(self) -> Path:
        return self.run_dir / "nginx.conf"


def tree(
    services: Sequence[SceneService],
    servers: Mapping[tuple[str, str], str],
    paths: Paths,
    *,
    nginx_port: int,
    commands: Mapping[str, Sequence[str]],
    changes: Mapping[str, Any],
) -> Tree:
    """The file as plain data. `servers`: by service and colour; `commands`: nginx's test, reload and dump.

    `changes` is merged over it: maps by key, anything else replaces, None takes a key away.
    """
    routes = {name: {"path": path} for service in services for name, path in service.routes.items()}
    whole: Tree = {
        "version": 1,
        "environment": "laboratory",
        "state": str(paths.state),
        "control": {"socket": str(paths.control)},
        "edge": {"socket": str(paths.edge)},
        "sources": {
            "edge": {"access_log": {"slow": "2s", "routes": routes}},
            "health": {"health": {"path": "/health", "expect": {"status": "UP"}, "poll": "500ms", "timeout": "500ms"}},
        },
        "rules": RULES,
        "services": {
            service.name: {
                "stable": "blue",
                "data": "shared",
                "sessions": "shared",
                "colours": {colour: {"server": servers[service.name, colour]} for colour in ("blue", "green")},
                "router": {
                    "nginx": {
                        "directory": str(paths.generated),
                        "main": str(paths.nginx_conf),
                        "entry": {"url": f"http://127.0.0.1:{nginx_port}{service.path}"},
                        **{what: list(argv) for what, argv in commands.items()},
                    }
                },
                "rules": list(RULES),
                "policy": "any",
                "plan": "quick",
            }
            for service in services
        },
        "plans": {"quick": PLAN},
    }
    return merged(whole, changes)


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> Tree:
    """`changes` over `base`, neither changed: maps by key, anything else replaces, None takes a key away."""
    result = dict(base)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            old = result.get(key)
            result[key] = merged(old if isinstance(old, Mapping) else {}, value)
        else:
            result[key] = value
    return result


def text(data: Tree) -> str:
    """As YAML, keys in the order in which they were written."""
    written: str = yaml.safe_dump(data, sort_keys=False, width=120)
    return written
