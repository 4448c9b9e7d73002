"""Flags of single routes: who set them, who may take them away, and whether nginx looks for them."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.traffic.nginx.operators import service
from watchdog.core.model import Colour
from watchdog.traffic.base import RouterError
from watchdog.traffic.nginx import render
from watchdog.traffic.nginx.cuts import RouteCuts
from watchdog.traffic.nginx.observe import Observer

GREEN = Colour.GREEN
SETUP = replace(service(), routes={"labs": "/labs", "reports": "~^/r/"})


@pytest.fixture
def cuts(tmp_path: Path) -> RouteCuts:
    """A service whose files are in place; nginx is not to be seen."""
    brake = tmp_path / "brake"
    brake.mkdir()
    (tmp_path / "app.server.conf").write_text(render.service_server(SETUP, str(brake)))
    (tmp_path / "rwd-common.http.conf").write_text(render.common_http([SETUP]))
    observer = Observer("app", tmp_path / "app.http.conf", tmp_path / "no.pid", time.time)
    return RouteCuts(SETUP, tmp_path, brake, observer, lambda: 1000.5)


def test_the_routes_are_those_that_nginx_has() -> None:
    """Of each service its own, and the name of its other paths; none of a service that is not there."""
    common = render.common_http([SETUP, replace(service(), service="shop", token="fedcba9876543210", routes={})])

    assert ("other", "labs", "reports") == render.routes_in(common, "app")
    assert ("other",) == render.routes_in(common, "shop")
    assert () == render.routes_in(common, "nowhere")


def test_the_servers_file_looks_for_both_flags() -> None:
    """The route is that of the request as it came: the pin stands before its flag. The older text is known too."""
    present, older = render.service_servers(SETUP, "/b")

    assert (
        "set $rwd_app_gate open;\n"
        "if (-f /b/$rwd_app_flag) { set $rwd_app_gate cut; }\n"
        "set $rwd_pin $rwd_app_route;\n"
        "if (-f /b/$rwd_app_flag.$rwd_app_route) { set $rwd_app_gate cut; }\n"
    ) == present
    assert older == "".join(present.splitlines(keepends=True)[:3])
    assert present == render.service_server(SETUP, "/b")


def test_a_flag_says_whose_it_is(cuts: RouteCuts) -> None:
    """Ours is set once, readable for nginx, and taken away once; a human's stays."""
    flag = cuts.flag(GREEN, "labs")
    assert 1000.5 == cuts.cut(GREEN, "labs", "d1/7\nby hand")
    text = flag.read_text()
    assert 1000.5 == cuts.cut(GREEN, "labs", "again")
    assert (0o644, text, True) == (flag.stat().st_mode & 0o777, flag.read_text(), "note: d1/7 by hand\n" in text)
    assert 1000.5 == cuts.release(GREEN, "labs")
    assert 1000.5 == cuts.release(GREEN, "labs")
    assert not flag.exists()
    flag.touch()
    with pytest.raises(RouterError, match=f"rm {flag}"):
        cuts.release(GREEN, "labs")


def test_clearing_leaves_a_humans_flags(cuts: RouteCuts) -> None:
    """And touches no brake of a whole colour."""
    whole = cuts.flag(GREEN, "labs").with_name("app.green")
    whole.write_text("a brake")
    cuts.cut(GREEN, "labs", "")
    cuts.cut(Colour.BLUE, "reports", "")
    hand = cuts.flag(GREEN, "reports")
    hand.touch()

    assert (["app.blue.reports removed", "app.green.labs removed"], [f"{hand} was set by hand"]) == (
        (cleared := cuts.clear())[0],
        [text.partition(":")[0] for text in cleared[1]],
    )
    assert ["app.green", "app.green.reports"] == sorted(path.name for path in hand.parent.iterdir())


def test_a_flag_that_cannot_be_set_says_so(cuts: RouteCuts) -> None:
    """With the way by hand; an unknown route and a missing file are refused before."""
    flag = cuts.flag(GREEN, "labs")
    flag.mkdir()
    with pytest.raises(RouterError, match=f"by hand: touch {flag}"):
        cuts.cut(GREEN, "labs", "")
    with pytest.raises(RouterError, match="it knows other, labs, reports"):
        cuts.cut(GREEN, "nowhere", "")
    (flag.parent.parent / "app.server.conf").unlink()
    with pytest.raises(RouterError, match="cannot be read"):
        cuts.cut(GREEN, "labs", "")
