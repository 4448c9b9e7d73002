from pathlib import Path

from watchdog.config.adapters import CommandRouterSettings, Compiled, HaproxyRouterSettings
from watchdog.config.compile import compile_
from watchdog.config.load import load
from watchdog.core.model import Colour

ENVIRONMENT = """
version: 1
environment: test
sources:
  lb: {haproxy: {socket: /run/haproxy/admin.sock, backend: app}}
  health: {health: {path: /health}}
rules:
  errors: {sequential_ratio: {bad: lb.errors, total: lb.requests, limit: 5%}, on_fire: rollback}
  health: {probe: {signal: health.up}, on_fire: rollback}
services:
  shop:
    stable: green
    data: shared
    sessions: shared
    colours: {blue: {server: "127.0.0.1:8081"}, green: {server: "127.0.0.1:8082"}}
    router:
      ROUTER
    rules: [RULES]
    plan: canary
plans:
  canary: {steps: [{weight: 10%, soak: 1m, gate: {requests: 0, per_critical_route: 0}}, {weight: 100%}]}
contacts: {on-call: {apprise: {credential: on-call-url}}}
escalation: [{level: 2, contacts: [on-call]}]
"""

HAPROXY = (
    'haproxy: {socket: "127.0.0.1:9999", backend: app, server: [$colour-1, $colour-2], entry: {url: "http://a:1/x"}}'
)
COMMAND = 'command: {set: [/opt/split.sh, "$weight", "$service"], rollback: [/opt/back.sh, "to-$stable"]}'
FALLBACK = "fallback: {command: {rollback: [/opt/back.sh, $candidate], deadline: 3s}}"


def compiled(folder: Path, router: str, rules: str = "errors, health") -> Compiled:
    path = folder / "environment.yml"
    path.write_text(ENVIRONMENT.replace("ROUTER", router).replace("RULES", rules))
    return compile_(load(str(path)))


def test_haproxy_moves_traffic_and_counts_the_users(tmp_path: Path) -> None:
    """Its statistics stand where nginx has the access log; single routes cannot be cut."""
    made = compiled(tmp_path, HAPROXY)
    (service,), (core,) = made.services, made.environment.services

    assert isinstance(service.router, HaproxyRouterSettings)
    assert {Colour.BLUE: ("blue-1", "blue-2"), Colour.GREEN: ("green-1", "green-2")} == service.router.names
    assert ("http://a:1/x", "a:1") == (service.router.entry_url, service.router.entry_host)
    assert None is service.edge
    assert ("lb", False, True) == (core.traffic_source, core.cuts_routes, core.divert)
    assert "lb" in [source.name for source in service.sources]


def test_commands_keep_their_placeholders(tmp_path: Path) -> None:
    """They are filled in at each run; without a brake nothing is diverted, and without counts there is no traffic."""
    made = compiled(tmp_path, COMMAND, "health")
    (service,), (core,) = made.services, made.environment.services

    assert isinstance(service.router, CommandRouterSettings)
    wanted = {"set": ("/opt/split.sh", "$weight", "$service"), "rollback": ("/opt/back.sh", "to-$stable")}
    assert (wanted, Colour.GREEN) == (service.router.actions, service.router.first_stable)
    assert (None, False) == (core.traffic_source, core.divert)


def test_the_effective_text_says_the_same_again(tmp_path: Path) -> None:
    """Placeholders are written so that they are read as themselves."""
    made = compiled(tmp_path, f"{COMMAND}\n      {FALLBACK}")
    (tmp_path / "again.yml").write_text(made.text)
    again = compile_(load(str(tmp_path / "again.yml")))

    assert made.services == again.services
    assert made.services[0].fallback is not None
    assert {"rollback": ("/opt/back.sh", "$candidate")} == made.services[0].fallback.actions
