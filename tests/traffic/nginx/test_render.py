"""The text of nginx's files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.traffic.nginx.operators import TOKEN, service
from watchdog.core.model import Colour, Split
from watchdog.traffic.nginx.render import (
    RenderError,
    common_http,
    common_server,
    percentage,
    read_header,
    service_http,
    service_server,
)


def at(weight: float, *, promoted: bool = False, salt: str = "d1", stable: Colour = Colour.BLUE) -> Split:
    return Split(stable=stable, candidate=stable.other, weight=weight, salt=salt, promoted=promoted)


def test_the_whole_file_of_a_step() -> None:
    """One file as nginx gets it, for the eyes of whoever changes the shape."""
    _, _, body = service_http(service(), at(0.1)).partition("\n")

    assert body.splitlines() == [
        "# Written by rollback-watchdog and replaced as a whole: a change by hand is noticed and stops its orders.",
        "upstream rwd-app-blue { zone rwd-app-blue 64k; server 127.0.0.1:8081; keepalive 32; keepalive_timeout 4s; }",
        (
            "upstream rwd-app-green { zone rwd-app-green 64k; server 127.0.0.1:8082 max_fails=0; "
            "server 127.0.0.1:8081 max_fails=0 backup; keepalive 32; keepalive_timeout 4s; }"
        ),
        f'map $http_x_rwd_probe $rwd_app_probe {{ "{TOKEN}" 1; default 0; }}',
        'map "${uid_got}${uid_set}" $rwd_app_known { "" 0; default 1; }',
        'split_clients "app:d1:${uid_got}${uid_set}" $rwd_app_draw { 10% green; * blue; }',
        'map "" $rwd_app_gate { default unset; }',
        "map $rwd_app_probe $rwd_app_flag { 1 app.scratch; default app.green; }",
        'map "$rwd_app_gate/$rwd_app_probe/$rwd_app_known" $rwd_app_pool {',
        "    open/0/1  rwd-app-$rwd_app_draw;",
        "    open/1/0  rwd-app-green;",
        "    open/1/1  rwd-app-green;",
        "    default   rwd-app-blue;",
        "}",
        'map "" $rwd_app_stable { default rwd-app-blue; }',
    ]


def test_promotion_turns_the_safe_answer_round() -> None:
    """Promoted, whatever is not cut follows the candidate; a cut leads to the previous version."""
    text = service_http(service(), at(1.0, promoted=True, stable=Colour.GREEN))

    assert "    default  rwd-app-blue;\n" in text
    cut = [line.split() for line in text.splitlines() if line.startswith("    cut/")]
    assert [[f"cut/{probe}/{known}", "rwd-app-green;"] for probe in (0, 1) for known in (0, 1)] == cut
    assert "default app.blue; }" in text


@pytest.mark.parametrize(
    ("weight", "draw"),
    [(0.0, "{ * blue; }"), (1.0, "{ * green; }"), (0.125, "{ 12.5% green; * blue; }"), (0.0001, "{ 0.01% green;")],
)
def test_the_draw_in_nginxs_spelling(weight: float, draw: str) -> None:
    """0 % and 100 % are a lone star, since nginx rejects `0%`."""
    assert draw in service_http(service(), at(weight))


@pytest.mark.parametrize("weight", [0.00001, 0.99999])
def test_a_weight_between_nginxs_steps_is_refused(weight: float) -> None:
    """A weight that would silently become nobody or everybody is an error."""
    with pytest.raises(RenderError, match=r"in steps of 0\.01 %"):
        percentage(weight)


@given(
    weight=st.integers(0, 10_000).map(lambda steps: steps / 10_000),
    stable=st.sampled_from(Colour),
    salt=st.from_regex(r"[\w.:+@-]{0,40}", fullmatch=True).filter(str.isascii),
)
def test_a_split_is_read_back_as_it_was_written(weight: float, stable: Colour, salt: str) -> None:
    """The first line carries the whole split, exactly."""
    split = at(weight, stable=stable, salt=salt)

    header = read_header(service_http(service(), split))

    assert ("app", split) == (header.service, header.split)


@given(st.data())
def test_any_changed_character_is_noticed(data: st.DataObject) -> None:
    """Whatever character of a file is replaced, it is not taken for ours any more."""
    text = service_http(service(), at(0.5))
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda character: character != text[place]))

    changed = text[:place] + other + text[place + 1 :]

    try:
        header = read_header(changed)
    except ValueError:
        return
    # White space between the words of the JSON description changes nothing.
    assert (at(0.5), "app") == (header.split, header.service)
    assert changed.partition("\n")[2] == text.partition("\n")[2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not the one that rollback-watchdog writes"),
        ("# rollback-watchdog {}\n", "cannot be read"),
        ("# rollback-watchdog []\n", "cannot be read"),
        ("# rollback-watchdog 1\n", "cannot be read"),
        (service_http(service(), at(0.5)).replace('"weight": 0.5', '"weight": 5'), "cannot be read"),
        (service_http(service(), at(0.5)).replace('"version": 1', '"version": 2'), "version 2"),
        (service_http(service(), at(0.5)) + "\n", "edited by hand"),
    ],
)
def test_a_file_that_is_not_ours_says_why(text: str, said: str) -> None:
    """Foreign, damaged, of another version, edited: each in its own words."""
    with pytest.raises(ValueError, match=said):
        read_header(text)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"service": "Ap p"}, "service name"),
        ({"service": "a" * 33}, "more than 32"),
        ({"token": "short"}, "probe token"),
        ({"token": 'x"; } server { listen 1; '}, "probe token"),
        ({"token": "x" * 41}, "more than 40"),
        ({"servers": {Colour.BLUE: ("127.0.0.1:1",)}}, "no server for green"),
        ({"servers": {Colour.BLUE: ("a:1; } x {",), Colour.GREEN: ("b:1",)}}, "server of blue"),
        ({"servers": {Colour.BLUE: ("a",), Colour.GREEN: ("b:1",)}}, "wanted host:port"),
        ({"routes": {"Login": "/login"}}, "route name"),
        ({"routes": {"login": "login"}}, "begins with / or ~"),
        ({"routes": {"login": "/a\n"}}, "begins with / or ~"),
        ({"routes": {f"r{n}": "/" for n in range(33)}}, "at most 32"),
        ({"pool": ("server 127.0.0.1:9",)}, "upstream directive"),
        ({"pool": ("keepalive 1; } x {",)}, "upstream directive"),
    ],
)
def test_what_could_break_out_of_its_place_is_refused(changes: dict[str, object], said: str) -> None:
    """No name, token, server, route or directive reaches nginx's file unless it is what it should be."""
    with pytest.raises(RenderError, match=said):
        service(**changes)


def test_a_salt_or_path_that_nginx_would_misread_is_refused() -> None:
    """A `$` or a quote in a deployment's id, a space in the state folder, a socket path that is too long."""
    for salt in ("$x", 'a"b', "a b"):
        with pytest.raises(RenderError, match="salt of the split"):
            service_http(service(), at(0.5, salt=salt))
    with pytest.raises(RenderError, match="brake folder"):
        service_server(service(), "/var/lib/my state/brake")
    with pytest.raises(RenderError, match="more than 107 bytes"):
        common_server("/" + "x" * 107)


def test_services_that_nginx_cannot_tell_apart_are_refused() -> None:
    """`a-b` and `a_b` would share a variable; two equal tokens (nginx ignores case) would share their probes."""
    one, two = service(service="a-b", token="t" * 20), service(service="a_b", token="u" * 20)
    with pytest.raises(RenderError, match="names of a-b and a_b"):
        common_http([one, two])
    with pytest.raises(RenderError, match="probe tokens of app and b"):
        common_http([service(token="T" * 20), service(service="b", token="t" * 20)])


def test_common_files_carry_socket_cookie_and_format() -> None:
    """With everything, without our cookie, and without the log's line."""
    everything = common_server("/run/edge.sock")

    assert "access_log syslog:server=unix:/run/edge.sock,nohostname,tag=rwd rwd;\n" in everything
    assert "userid on; userid_name rwd;" in everything
    assert "userid" not in common_server("/run/edge.sock", userid=False)
    assert "access_log" not in common_server(None)
    assert (
        "log_format rwd 'rwd1 $msec $request_time $status $connection $connection_requests $rwd_probe $rwd_m $rwd_r "
        '"$upstream_status" "$upstream_addr" "$upstream_header_time" "$upstream_response_time"\';\n'
    ) in common_http([service()])
