"""What the operator's locations need for shield and sessions: printed by `show`, looked for at preparation."""

from pathlib import Path

import pytest

from tests.traffic.nginx.operators import SHIELD, Host, service
from watchdog.traffic.nginx.lines import checks

NEXT, TRIES = (f"{line};" for line in SHIELD.rstrip(";").split("; "))
COOKIE = "add_header Set-Cookie $rwd_app_cookie always;"
LOCATION = "location / {{\n {} proxy_pass http://$rwd_app_pool; proxy_set_header Host $host;\n }}"


def text(host: Host, within: str, *, http: str = "") -> str:
    return host.done(LOCATION.format("WITHIN"), http=http).replace(SHIELD, "").replace("WITHIN", within)


@pytest.mark.parametrize(
    ("within", "http", "expected"),
    [
        ("", "", {'7: beside "proxy_pass': [NEXT, TRIES]}),
        (SHIELD, "", {}),
        ("", "proxy_next_upstream_tries 3; proxy_next_upstream http_504 timeout error http_500 http_502 http_503;", {}),
        (f"{NEXT} proxy_next_upstream_tries 0;", "", {}),
        (f"{NEXT} proxy_next_upstream_tries 1;", "", {'7: change "proxy_next_upstream_tries 1;" to': [TRIES]}),
        (f"proxy_next_upstream error; {TRIES}", "", {'7: change "proxy_next_upstream error;" to': [NEXT]}),
        (f"proxy_next_upstream off; {TRIES}", NEXT, {'7: change "proxy_next_upstream off;" to': [NEXT]}),
        (TRIES, "proxy_next_upstream off;", {'7: beside "proxy_pass': [NEXT]}),
        (f"{NEXT[:-1]} non_idempotent; {TRIES}", "", {"7: change": [NEXT]}),
    ],
)
def test_the_shields_lines_are_printed(tmp_path: Path, within: str, http: str, expected: dict[str, list[str]]) -> None:
    """Whatever is not in force for the location; a POST is never asked again; more tries than needed do no harm."""
    host = Host(tmp_path)

    shown = host.show(text(host, within, http=http))

    assert expected == {head: shown.below(head) for head in expected}
    assert shown.result.in_place is not bool(expected)
    assert [] == shown.refusals


def test_within_an_if_the_lines_go_into_its_location(tmp_path: Path) -> None:
    """nginx takes neither directive in an `if`."""
    host = Host(tmp_path)
    location = "location / {\n if ($arg_a) {\n proxy_pass http://$rwd_app_pool;\n }\n proxy_set_header Host $host;\n }"

    shown = host.show(host.done(location).replace(SHIELD, ""))

    assert [NEXT, TRIES] == shown.below('nginx.conf:6: in "location /" add')


@pytest.mark.parametrize("changes", [{"shield": False}, {"pool": ("ip_hash",)}])
def test_no_line_is_asked_for_without_a_shield(tmp_path: Path, changes: dict[str, object]) -> None:
    """Whether by the operator's word or for nginx's sake."""
    host = Host(tmp_path, service(**changes))

    assert host.show(text(host, "")).result.in_place


@pytest.mark.parametrize(
    ("within", "server", "head"),
    [
        ("", "", '7: beside "proxy_pass http://$rwd_app_pool;" add'),
        ("add_header X-Own a;", "", '7: beside "add_header X-Own a;" add'),
        ("", "add_header X-Own a;", '5: beside "add_header X-Own a;" add'),
        ("add_header Set-Cookie $rwd_app_cookie;", "", '7: beside "add_header Set-Cookie $rwd_app_cookie;" add'),
        ("", COOKIE, None),
        (COOKIE, "", None),
        ("add_header X-Own a;", COOKIE, '7: beside "add_header X-Own a;" add'),
    ],
)
def test_the_session_cookies_line_is_printed(tmp_path: Path, within: str, server: str, head: str | None) -> None:
    """Beside the headers that are in force there: one in an inner level would switch off those of the outer one."""
    host = Host(tmp_path, service(sessions_in_memory=True))

    shown = host.show(host.done(LOCATION.format(within), server=server))

    assert (head is None) is shown.result.in_place
    assert head is None or [COOKIE] == shown.below(head)


def said(folder: Path, within: str, **changes: object) -> list[tuple[str, bool, str]]:
    setup = service(**changes)
    host = Host(folder, setup)
    host.main.write_text(text(host, within))
    return [(check.name, check.ok, check.detail.replace(f"{folder}/", "")) for check in checks(host.main, setup)]


def test_a_shield_that_is_not_in_force_stops_nothing(tmp_path: Path) -> None:
    """Users see more of a bad release, and it is rolled back all the same."""
    (found,) = said(tmp_path, TRIES)

    assert ("shield", True) == found[:2]
    assert f"not in force, so users see what the candidate fails: nginx.conf:6 lacks {NEXT}" in found[2]


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({}, "in a canary step stable answers what the candidate fails, but for POST and PATCH"),
        ({"shield": False}, "not in force: it is switched off in the environment file"),
        ({"pool": ("ip_hash",)}, "not in force: nginx has no backup server beside ip_hash"),
    ],
)
def test_the_preparation_says_how_it_stands(tmp_path: Path, changes: dict[str, object], detail: str) -> None:
    """In force, or why not."""
    assert [("shield", True, detail)] == said(tmp_path, SHIELD, **changes)


def test_without_the_session_cookie_nothing_starts(tmp_path: Path) -> None:
    """Every request would be a new session, and a step would move it."""
    without, with_it = (said(tmp_path, line, sessions_in_memory=True)[1] for line in ("", COOKIE))

    assert ("sessions stay on their colour", False) == without[:2]
    assert f"a step would end sessions: nginx.conf:6 lacks {COOKIE}" in without[2]
    assert ("sessions stay on their colour", True) == with_it[:2]


def test_files_that_cannot_be_read_are_no_proof(tmp_path: Path) -> None:
    """The shield is not known then, and sessions are not believed to stay."""
    found = checks(tmp_path / "nginx.conf", service(sessions_in_memory=True, shield=True))

    assert [("shield", True), ("sessions stay on their colour", False)] == [(check.name, check.ok) for check in found]
    assert all("no proxy_pass to $rwd_app_pool can be read" in check.detail for check in found)
