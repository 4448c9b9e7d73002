"""The commands for hands, by kind of router."""

from dataclasses import replace
from pathlib import Path

from tests.daemon.helpers import environment
from watchdog.config.adapters import CommandRouterSettings, HaproxyRouterSettings
from watchdog.core.model import Colour
from watchdog.daemon.byhand import by_hand

HAPROXY = HaproxyRouterSettings(
    service="shop",
    socket="/run/haproxy/admin.sock",
    backend="shop",
    names={Colour.BLUE: ("b1",), Colour.GREEN: ("g1", "g2")},
    entry_url="http://127.0.0.1/",
    entry_host="",
    state_file=None,
    timeout=1.0,
    shutdown_sessions=False,
    blue=("127.0.0.1:8081",),
    green=("127.0.0.1:8082", "127.0.0.1:8083"),
)
SCRIPTS = CommandRouterSettings(
    service="shop",
    actions={"rollback": ("/opt/rollback-to-blue.sh", "--from=$candidate", "to $stable", "$unknown")},
    deadline=10.0,
    first_stable=Colour.BLUE,
    entry_url="http://127.0.0.1/",
    entry_host="",
    blue=("127.0.0.1:8081",),
    green=("127.0.0.1:8082",),
)


def test_nginx_is_braked_by_a_file(tmp_path: Path) -> None:
    """The file of the colour that users are moved off."""
    compiled = environment(tmp_path)

    assert {
        "shop": {colour: [f"touch {compiled.state}/brake/shop.{colour}"] for colour in ("blue", "green")}
    } == by_hand(compiled)


def test_haproxy_is_told_by_its_socket(tmp_path: Path) -> None:
    """The colour that stays is made ready first, then every server of the other is taken out."""
    compiled = environment(tmp_path)
    (service,) = compiled.services
    told = by_hand(replace(compiled, services=(replace(service, router=HAPROXY),)))
    tcp = by_hand(replace(compiled, services=(replace(service, router=replace(HAPROXY, socket="127.0.0.1:9999")),)))

    assert (
        "echo 'set server shop/b1 state ready; set server shop/b1 weight 100%; set server shop/g1 state maint; "
        "set server shop/g2 state maint' | socat stdio /run/haproxy/admin.sock" == told["shop"]["green"][0]
    )
    assert tcp["shop"]["green"][0].endswith(" | socat stdio TCP:127.0.0.1:9999")


def test_scripts_are_printed_as_they_would_be_run(tmp_path: Path) -> None:
    """With the colours filled in and quoted for a shell; as a fallback after the router's own way."""
    compiled = environment(tmp_path)
    (service,) = compiled.services
    told = by_hand(replace(compiled, services=(replace(service, fallback=SCRIPTS),)))

    assert [
        f"touch {compiled.state}/brake/shop.green",
        "/opt/rollback-to-blue.sh --from=green 'to blue' '$unknown'",
    ] == told["shop"]["green"]
