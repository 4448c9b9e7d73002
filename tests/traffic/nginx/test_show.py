"""What `nginx show` says about an operator's configuration, trap by trap."""

from pathlib import Path

import pytest

from tests.traffic.nginx.operators import Host, service
from watchdog.core.model import Colour
from watchdog.traffic.nginx.setup import write_common

POOL = "proxy_pass http://$rwd_app_pool; proxy_set_header Host $host;"


def at(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_a_plain_configuration_gets_every_line(tmp_path: Path) -> None:
    """From nothing: the top level, the http block, the server block with its log repeated, and the location."""
    host = at(tmp_path)
    text = (
        "events {}\nhttp {\n  access_log /var/log/a.log main;\n  upstream app { server 127.0.0.1:8081; }\n"
        "  server {\n    location / {\n      proxy_pass http://app;\n      proxy_set_header Host $host;\n"
        "    }\n  }\n}\n"
    )

    shown = host.show(text)

    assert [] == shown.refusals
    assert not shown.result.in_place
    assert ["worker_shutdown_timeout 60s;"] == shown.below("nginx.conf:1: at the top level")
    assert ["include rwd/rwd-common.http.conf;", "include rwd/app.http.conf;"] == shown.below("nginx.conf:2: first")
    assert ["include rwd/rwd-common.server.conf;", "include rwd/app.server.conf;"] == shown.below("nginx.conf:5: first")
    assert ["access_log /var/log/a.log main;"] == shown.below("repeat your own log")
    assert ["proxy_pass http://$rwd_app_pool;"] == shown.below('nginx.conf:7: change "proxy_pass http://app;"')


def test_when_everything_is_in_place_it_says_so(tmp_path: Path) -> None:
    """After the change `show` is a check: in place, with the location named."""
    host = at(tmp_path)

    shown = host.show(host.done(f"location / {{ {POOL} }}"))

    assert (["nginx.conf:6: app is in place"], [], True) == (shown.lines, shown.refusals, shown.result.in_place)


def test_a_service_is_found_in_included_files(tmp_path: Path) -> None:
    """The server block may stand in a file of its own, the upstream in another: the change names the right file."""
    host = at(tmp_path)
    others = {
        "site.conf": "server {\n location / {\n proxy_pass http://app;\n proxy_set_header Host $host;\n}\n}\n",
        "up.conf": "upstream app { server localhost:8081; server 127.0.0.1:8082 ; }\n",
    }

    shown = host.show("events {} http { include site.conf; include up.conf; }\n", others)

    assert ["proxy_pass http://$rwd_app_pool;"] == shown.below("site.conf:3: change")
    assert ["include rwd/rwd-common.server.conf;", "include rwd/app.server.conf;"] == shown.below("site.conf:1: first")


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("location /api/ { proxy_pass http://app/; H }", ["rewrite ^/api/(.*)$ /$1 break;", "POOL"]),
        ("location /api/ { proxy_pass http://app/base/; H }", ["rewrite ^/api/(.*)$ /base/$1 break;", "POOL"]),
        ("location ^~ /a.b { proxy_pass http://app/x; H }", [r"rewrite ^/a\.b(.*)$ /x$1 break;", "POOL"]),
        ("location = /one { proxy_pass http://app/two; H }", ["rewrite ^ /two break;", "POOL"]),
        (
            "location ~ ^/q/(.*)$ { proxy_pass http://app/base/$1; H }",
            ["proxy_pass http://$rwd_app_pool/base/$1;"],
        ),
        ("location / { proxy_pass http://app$request_uri; H }", ["proxy_pass http://$rwd_app_pool$request_uri;"]),
        ("location / { proxy_pass http://127.0.0.1:8081; H }", ["POOL"]),
    ],
)
def test_the_path_of_proxy_pass_is_kept(tmp_path: Path, location: str, expected: list[str]) -> None:
    """A path behind the target becomes a rewrite; one with a variable of its own stays where it is."""
    host = at(tmp_path)
    text = host.done(
        location.replace(" H ", " proxy_set_header Host $host; "), http="upstream app { server 127.0.0.1:8081; }"
    )

    shown = host.show(text)

    pool = "proxy_pass http://$rwd_app_pool;"
    assert [pool if line == "POOL" else line for line in expected] == shown.below("nginx.conf:6: change")
    assert [] == shown.refusals


REFUSED = {
    "a rewrite of its own beside a path": (
        {"location": "location /a/ { rewrite ^/a/x /y; proxy_pass http://127.0.0.1:8081/b/; }"},
        "nginx.conf:6: proxy_pass http://127.0.0.1:8081/b/ replaces the location's path",
    ),
    "a path behind the variable": (
        {"location": "location /a/ { proxy_pass http://$rwd_app_pool/b/; }"},
        "nginx.conf:6: with a variable nginx passes exactly /b/",
    ),
    "userid off in a location": (
        {"location": f"location / {{ userid off; {POOL} }}"},
        'nginx.conf:6: "userid off;" in a location',
    ),
    "another cookie name in an outer location": (
        {"location": f"location / {{ userid_name x; location /in {{ {POOL} }} }}"},
        'nginx.conf:6: "userid_name x;" in a location',
    ),
    "a second userid": (
        {"location": f"location / {{ {POOL} }}", "server": "userid on;"},
        "nginx.conf:5: nginx would refuse ours as a duplicate of userid",
    ),
    "open_file_cache in the server block": (
        {"location": f"location / {{ {POOL} }}", "server": "open_file_cache max=10;"},
        "nginx.conf:5: nginx would refuse ours as a duplicate of open_file_cache",
    ),
    "a cache key without the colour": (
        {"location": f"location / {{ proxy_cache z; {POOL} }}", "http": "proxy_cache_key $host$request_uri;"},
        'nginx.conf:3: the key "$host$request_uri" of proxy_cache mixes the colours',
    ),
    "a redirect by default": (
        {"location": f"location / {{ proxy_redirect default; {POOL} }}"},
        'nginx.conf:6: "proxy_redirect default" cannot stand beside a variable',
    ),
    "another protocol": (
        {"location": f"location / {{ {POOL} }} location /g {{ grpc_pass grpc://127.0.0.1:8082; }}"},
        "nginx.conf:6: grpc_pass leads to 127.0.0.1:8082, and only proxy_pass can be switched",
    ),
    "a stream": (
        {"location": f"location / {{ {POOL} }}", "main": "stream { server { proxy_pass 127.0.0.1:8081; } }"},
        "nginx.conf:1: a stream leads to 127.0.0.1:8081 past the split and the brake",
    ),
    "a server that the file does not name": (
        {"location": f"location / {{ {POOL} }}", "http": "upstream a { server 127.0.0.1:8081; server 10.0.0.9:1; }"},
        "nginx.conf:3: it also holds 10.0.0.9:1, which the environment file does not name",
    ),
    "parameters of a server": (
        {"location": f"location / {{ {POOL} }}", "http": "upstream a { server 127.0.0.1:8081 weight=3; }"},
        "nginx.conf:3: its parameters weight=3 are not taken over",
    ),
    "nothing that leads there": (
        {"location": "location / { proxy_pass http://127.0.0.1:9; }"},
        "nginx.conf:1: no proxy_pass leads to app (127.0.0.1:8081, 127.0.0.1:8082)",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_served_is_refused(tmp_path: Path, case: str) -> None:
    """Each trap is refused once, with its file and line; without it the same configuration is not."""
    host = at(tmp_path)
    parts, refusal = REFUSED[case]

    shown = host.show(host.done(**parts))

    assert [True] == [each.startswith(refusal) for each in shown.refusals], shown.refusals
    assert not shown.result.in_place


@pytest.mark.parametrize(
    ("server", "cookie", "refusals"),
    [
        ("userid on;", "", []),
        ("userid v1; userid_name visitor;", "", []),
        ("", "", ["nginx.conf:4: no cookie is set, so all users would be on stable"]),
        ("userid log;", "", ['nginx.conf:5: "userid log;" sets no cookie, so all users would be on stable']),
        ("userid on;", "userid_name x;", ['nginx.conf:6: "userid_name x;" in a location']),
    ],
)
def test_the_operators_own_cookie_may_be_the_key(tmp_path: Path, server: str, cookie: str, refusals: list[str]) -> None:
    """With `own_userid` it is no duplicate; one that reaches no client, or not every one alike, is refused."""
    host = at(tmp_path)
    write_common(host.ours, host.services, Path("/run/edge.sock"), userid=False)

    shown = host.show(host.done(f"location / {{ {cookie} {POOL} }}", server=server), own_userid=True)

    assert len(refusals) == len(shown.refusals)
    assert all(found.startswith(wanted) for found, wanted in zip(shown.refusals, refusals, strict=True))
    assert shown.result.in_place is not bool(refusals)


def test_our_cookie_goes_before_the_operators_own_is_the_key(tmp_path: Path) -> None:
    """Files that were written before the environment file said so still set ours: they are to be written anew."""
    host = at(tmp_path)

    shown = host.show(host.done(f"location / {{ {POOL} }}"), own_userid=True)

    assert ["rollback-watchdog nginx write ENV"] == shown.below("rwd: sets our cookie still; run")


ADDED = {
    "a missing Host": (
        {"location": "location / {\n proxy_pass http://127.0.0.1:8081;\n }"},
        {
            "nginx.conf:7: beside": [
                "proxy_set_header Host 127.0.0.1:8081;",
                "proxy_redirect http://127.0.0.1:8081/ /;",
            ],
            "nginx.conf:7: change": ["proxy_pass http://$rwd_app_pool;"],
        },
    ),
    "a missing Host beside inherited headers": (
        {"location": "location / {\n proxy_pass http://127.0.0.1:8081;\n }", "server": "proxy_set_header X-A b;"},
        {"nginx.conf:5: beside": ["proxy_set_header Host 127.0.0.1:8081;"]},
    ),
    "Host of the target": (
        {"location": "location / {\n proxy_pass http://127.0.0.1:8081;\n proxy_set_header Host $proxy_host;\n }"},
        {"nginx.conf:8: change": ["proxy_set_header Host 127.0.0.1:8081;"]},
    ),
    "Host missing after the change": (
        {"location": "location / {\n proxy_pass http://$rwd_app_pool;\n }"},
        {"nginx.conf:7: beside": ["proxy_set_header Host $host;"]},
    ),
    "TLS to the application": (
        {"location": "location / {\n proxy_pass https://127.0.0.1:8081;\n proxy_set_header Host $host;\n }"},
        {
            "nginx.conf:7: change": ["proxy_pass https://$rwd_app_pool;"],
            "nginx.conf:7: beside": ["proxy_ssl_name 127.0.0.1;", "proxy_ssl_server_name on;"],
        },
    ),
    "redirects by default": (
        {"location": "location /a/ {\n proxy_pass http://127.0.0.1:8081/b/;\n proxy_redirect default;\n }"},
        {"nginx.conf:8: change": ["proxy_redirect http://127.0.0.1:8081/b/ /a/;"]},
    ),
    "a log of the location": (
        {"location": f"location / {{ access_log /x;\n {POOL} }}"},
        {"nginx.conf:6: beside": ["access_log syslog:server=unix:/run/edge.sock,nohostname,tag=rwd rwd;"]},
    ),
    "no log in the location": (
        {"location": f"location / {{ access_log off;\n {POOL} }}"},
        {"nginx.conf:6: change": ["access_log syslog:server=unix:/run/edge.sock,nohostname,tag=rwd rwd;"]},
    ),
    "no log in the server block": (
        {"location": f"location / {{ {POOL} }}", "server": "access_log off;"},
        {"nginx.conf:5: remove": ["access_log off;"]},
    ),
    "directives of the upstream block": (
        {
            "location": f"location / {{ {POOL} }}",
            "http": "upstream a { server 127.0.0.1:8081; least_conn; keepalive 9; }",
        },
        {"services.app.router.nginx: in the environment file": ["pool: [least_conn, keepalive 9]"]},
    ),
}


@pytest.mark.parametrize("case", ADDED)
def test_what_is_missing_is_printed(tmp_path: Path, case: str) -> None:
    """The exact line, at the place where it has to stand."""
    host = at(tmp_path)
    parts, expected = ADDED[case]

    shown = host.show(host.done(**parts))

    assert [] == shown.refusals
    assert expected == {head: shown.below(head) for head in expected}


def test_our_includes_come_before_rewrites(tmp_path: Path) -> None:
    """An operator's rewrite above our includes can skip gate and brake."""
    host = at(tmp_path)
    text = host.done(f"location / {{ {POOL} }}").replace("server { ", "server { rewrite ^/a /b last; ")

    shown = host.show(text)

    assert [True] == [
        'nginx.conf:4: "rewrite ^/a /b last" stands before our includes' in each for each in shown.refusals
    ]


def test_the_http_includes_come_before_server_blocks(tmp_path: Path) -> None:
    """nginx does not know our log format in a server block above it."""
    host = at(tmp_path)
    text = host.done(f"location / {{ {POOL} }}").replace("http { ", "http { server { listen 1; } ")

    shown = host.show(text)

    assert [True] == ["is included after this server block" in each for each in shown.refusals]


def test_a_variable_of_the_operators_is_followed(tmp_path: Path) -> None:
    """The usual hand-made switch, a map or a set that names the upstream, is found too."""
    host = at(tmp_path)
    http = "upstream app { server 127.0.0.1:8081; } map $cookie_x $live { default app; }"

    shown = host.show(
        host.done("location / {\n proxy_pass http://$live;\n proxy_set_header Host $host;\n }", http=http)
    )

    assert ["proxy_pass http://$rwd_app_pool;"] == shown.below('nginx.conf:7: change "proxy_pass http://$live;"')


def test_names_sockets_and_files_are_checked(tmp_path: Path) -> None:
    """A host without an address is refused, an unread socket and missing files are told."""
    named = service(servers={Colour.BLUE: ("blue.invalid:80",), Colour.GREEN: ("127.0.0.1:8082",)})
    host = Host(tmp_path, named)
    (host.ours / "app.server.conf").unlink()
    text = host.done(f"location / {{ {POOL} }}").replace(f"include {host.ours}/app.server.conf;", "")

    shown = host.show(text, has_address=lambda _: False, is_read=lambda _: False)

    assert [True] == [
        "services.app.colours.blue.server: blue.invalid has no address" in each for each in shown.refusals
    ]
    assert ["systemctl enable --now rollback-watchdog-edge.socket"] == shown.below("/run/edge.sock: nobody listens")
    assert ["rollback-watchdog nginx write ENV"] == shown.below("rwd: is not complete")
    assert ["include rwd/app.server.conf;"] == shown.below("first in this server block")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A syntax error and a missing file are told with their place; nothing is claimed about the rest."""
    host = at(tmp_path)
    broken = host.show("events {}\nhttp {\n  server {\n}\n")
    missing = host.show("", main=tmp_path / "nowhere.conf")
    empty = host.show("events {}\n")

    assert ["nginx.conf:4: unexpected end of file"] == [each.partition(", ")[0] for each in broken.refusals][:1]
    assert [True] == ["nowhere.conf" in each for each in missing.refusals][:1]
    assert [True] == ["there is no http block" in each for each in empty.refusals]
    assert [False] * 3 == [each.result.in_place for each in (broken, missing, empty)]


def test_two_services_in_one_server_block(tmp_path: Path) -> None:
    """Each gets its own include and its own pool; what they share is printed once."""
    other = service(
        service="shop-2", servers={Colour.BLUE: ("127.0.0.1:8091",), Colour.GREEN: ("127.0.0.1:8092",)}, token="x" * 20
    )
    host = Host(tmp_path, service(), other)
    header = "proxy_set_header Host $host;"
    text = (
        f"events {{}}\nhttp {{\nserver {{\n location / {{\n proxy_pass http://127.0.0.1:8081; {header} }}\n"
        f" location /shop {{\n proxy_pass http://127.0.0.1:8092; {header} }}\n}}\n}}\n"
    )

    shown = host.show(text)

    assert ["proxy_pass http://$rwd_app_pool;"] == shown.below("nginx.conf:5: change")
    assert ["proxy_pass http://$rwd_shop_2_pool;"] == shown.below("nginx.conf:7: change")
    names = ("rwd-common", "app", "shop-2")
    assert [f"include rwd/{name}.server.conf;" for name in names] == shown.below("nginx.conf:3: first")
