"""Upstream blocks with a shield, and the maps of sessions."""

import pytest

from tests.traffic.nginx.operators import service
from watchdog.core.model import Colour, Split
from watchdog.traffic.nginx.pools import pool, session, upstream_block
from watchdog.traffic.nginx.values import RenderError, ServiceNginx

BLUE, GREEN = Colour.BLUE, Colour.GREEN
SEVERAL = {BLUE: ("10.0.0.1:80", "10.0.0.2:80"), GREEN: ("10.0.0.3:80", "10.0.0.4:80")}


def at(weight: float, *, promoted: bool = False, stable: Colour = BLUE) -> Split:
    return Split(stable=stable, candidate=stable.other, weight=weight, salt="d1", promoted=promoted)


def servers(setup: ServiceNginx, colour: Colour, split: Split) -> list[str]:
    parts = upstream_block(setup, colour, split).partition("{")[2].split(";")
    return [part.strip() for part in parts if part.strip().startswith("server")]


@pytest.mark.parametrize("weight", [0.0001, 0.1, 0.5, 0.9999])
def test_a_canary_step_has_stable_behind_the_candidate(weight: float) -> None:
    """The candidate's own servers never count as failed; stable's block is as ever."""
    assert ["server 127.0.0.1:8082 max_fails=0", "server 127.0.0.1:8081 max_fails=0 backup"] == servers(
        service(), GREEN, at(weight)
    )
    assert ["server 127.0.0.1:8081"] == servers(service(), BLUE, at(weight))


@pytest.mark.parametrize("split", [at(0.0), at(1.0), at(1.0, promoted=True)])
def test_no_shield_where_one_colour_has_everybody(split: Split) -> None:
    """Before the first step and at 100 % a failure is a failure."""
    assert ["server 127.0.0.1:8082"] == servers(service(), GREEN, split)


def test_every_candidate_comes_before_the_backups() -> None:
    """All of stable's servers are backups, and there are tries for each candidate and one of them."""
    setup = service(servers=SEVERAL, shield=True, pool=("least_conn",))

    assert [
        "server 10.0.0.3:80 max_fails=0",
        "server 10.0.0.4:80 max_fails=0",
        "server 10.0.0.1:80 max_fails=0 backup",
        "server 10.0.0.2:80 max_fails=0 backup",
    ] == servers(setup, GREEN, at(0.5))
    assert 3 == setup.tries


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"shield": True}, ""),
        ({"shield": False}, "switched off"),
        ({"servers": SEVERAL}, "several servers"),
        ({"servers": SEVERAL, "shield": True}, ""),
        ({"pool": ("ip_hash",)}, "beside ip_hash"),
        ({"pool": ("hash $uri consistent",)}, "beside hash"),
        ({"pool": ("random two least_conn",)}, "beside random"),
        ({"pool": ("least_conn", "keepalive 64")}, ""),
        ({"sessions_in_memory": True}, "sessions"),
        ({"sessions_in_memory": True, "shield": True}, ""),
    ],
)
def test_what_speaks_against_a_shield(changes: dict[str, object], why: str) -> None:
    """Told in words; without a word of the operator's nothing is rendered that speaks against itself."""
    setup = service(**changes)

    assert why in setup.no_shield
    assert bool(setup.no_shield) is bool(why)
    backups = [line for line in servers(setup, GREEN, at(0.5)) if line.endswith("backup")]
    assert bool(backups) is not bool(why)


def test_a_shield_that_nginx_would_refuse_is_refused() -> None:
    """An order that cannot be followed is an error, not a silent no."""
    with pytest.raises(RenderError, match="found true beside ip_hash"):
        service(shield=True, pool=("ip_hash",))


def test_the_maps_of_sessions() -> None:
    """Only a request without a cookie is drawn; one of this deployment stays; everything else is stable's."""
    own, fresh = session(at(0.5), GREEN), session(at(0.5), BLUE)
    attributes = "; Path=/; HttpOnly; SameSite=Lax"

    assert [
        f'map $cookie_rwd_app_session $rwd_app_was {{ "" new; {own} own; default old; }}',
        'map "$rwd_app_gate/$rwd_app_probe/$rwd_app_known/$rwd_app_was" $rwd_app_goes {',
        "    open/0/1/new  $rwd_app_draw;",
        '    "~^open/0/./own"  green;',
        '    "~^open/1/"  green;',
        "    default  blue;",
        "}",
        'map "" $rwd_app_pool { default rwd-app-$rwd_app_goes; }',
        'map "$rwd_app_goes/$rwd_app_was" $rwd_app_cookie {',
        f'    green/new  "rwd_app_session={own}{attributes}";',
        f'    blue/new  "rwd_app_session={fresh}{attributes}";',
        f'    blue/own  "rwd_app_session={fresh}{attributes}";',
        '    default  "";',
        "}",
        'map "" $rwd_app_stable { default rwd-app-blue; }',
    ] == pool(service(sessions_in_memory=True), at(0.5))


def test_without_weight_no_session_stays_on_the_candidate() -> None:
    """The file of a rollback gives everybody to stable; the promoted one everybody to the candidate but who is cut."""
    rolled_back = pool(service(sessions_in_memory=True), at(0.0))
    promoted = pool(service(sessions_in_memory=True), at(1.0, promoted=True))

    assert ['    "~^open/1/"  green;', "    default  blue;"] == rolled_back[2:4]
    assert ['    "~^cut/"  blue;', "    default  green;"] == promoted[2:4]
    assert 'map "" $rwd_app_stable { default rwd-app-green; }' == promoted[-1]
    assert f'    green/old  "rwd_app_session={session(at(1.0), GREEN)}; Path=/; HttpOnly; SameSite=Lax";' in promoted
