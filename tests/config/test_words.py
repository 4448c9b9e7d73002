from collections.abc import Callable

import pytest

from watchdog.config import words
from watchdog.config.errors import WrongValueError
from watchdog.config.words import HeaderValue, Secret, SenderUrl


@pytest.mark.parametrize(
    ("parse", "good"),
    [
        (words.name, "osun-his"),
        (words.name, "a" * 32),
        (words.text, "nginx -t"),
        (words.absolute_path, "/var/lib/x"),
        (words.absolute_path, "/"),
        (words.socket_path, "/" + "x" * 106),
        (words.request_path, "/health?deep=1"),
        (words.route_path, "/api/labs"),
        (words.route_path, "~^/api/(labs|x-ray)/"),
        (words.url, "https://his.example:8443/login?a=b"),
        (words.url, "http://[::1]:80/"),
        (words.host_port, "127.0.0.1:8081"),
        (words.host_port, "blue.app.internal:1"),
        (words.host_port, "[::1]:65535"),
        (words.group_name, "www-data"),
        (words.header_name, "X-Api-Key"),
        (words.pool_directive, "least_conn"),
        (words.pool_directive, "keepalive 64"),
    ],
)
def test_right_words_are_taken_as_they_are(parse: Callable[[object], str], good: str) -> None:
    """Nothing is changed in them."""
    assert good == parse(good)


BAD: dict[Callable[[object], str], tuple[object, ...]] = {
    words.name: ("", "A", "a_b", "-a", "a-", "a--b", "a b", "1a", "a" * 33, "é", None, []),
    words.text: ("", " ", "a\nb", "\x1b[31m", None),
    words.absolute_path: ("", "a", "/a b", "/a;b", "/a/../b", '/"', "/a\nb", None),
    words.socket_path: ("/" + "x" * 107, "/" + "é" * 54),
    words.request_path: ("", "health", "/a b", "/a#b", "/a\n", None),
    words.route_path: ("", "api", "/a?b", "~(", "~", "~a\n", None),
    words.url: (
        "",
        "localhost",
        "ftp://a/",
        "http:///x",
        "http://a:x/",
        "http://a:0/",
        "http://[a/",
        "http://u:p@a/",
        None,
    ),
    words.host_port: (
        "",
        "a",
        "a:",
        ":80",
        "a:0",
        "a:65536",
        "a b:80",
        "::1:80",
        "[zz]:80",
        "-a:80",
        "a:80;",
        "a:٣",
        None,
    ),
    words.group_name: ("", "Www", "1", "a b", "a" * 33, "a\n", None),
    words.header_name: ("", "a b", "a:", None),
    words.pool_directive: ("", "server a", "keepalive 64; }", "least_conn\n", None),
}


@pytest.mark.parametrize(("parse", "bad"), [(parse, bad) for parse, values in BAD.items() for bad in values])
def test_wrong_words_are_refused(parse: Callable[[object], str], bad: object) -> None:
    """What could break a file name, a path or nginx's configuration is refused with what is wanted."""
    with pytest.raises(WrongValueError, match="wanted"):
        parse(bad)


def test_a_path_ends_without_a_slash() -> None:
    """So that a file below it has one name."""
    assert "/var/lib/x" == words.absolute_path("/var/lib/x/")


def test_a_password_in_an_address_is_not_repeated() -> None:
    """The message says what is wrong and leaves the address out."""
    with pytest.raises(WrongValueError) as raised:
        words.url("http://user:hunter2@host/")

    assert "hunter2" not in str(raised.value)


def test_a_secret_is_a_text_a_credential_or_a_file() -> None:
    """The three forms."""
    assert Secret(literal="abc") == Secret.parse("abc")
    assert Secret(credential="on-call") == Secret.parse({"credential": "on-call"})
    assert Secret(file="/run/x") == Secret.parse({"file": "/run/x"})


@pytest.mark.parametrize(
    "bad", [None, "", [], {}, {"env": "X"}, {"credential": "../x"}, {"file": "x"}, {"credential": "a", "file": "/b"}]
)
def test_other_secrets_are_refused(bad: object) -> None:
    """A credential's name cannot leave its folder."""
    with pytest.raises(WrongValueError, match="wanted"):
        Secret.parse(bad)


def test_a_secret_never_shows_its_text() -> None:
    """Neither printed nor in a traceback, nor in the message about a wrong one."""
    secret = SenderUrl.parse("mailto://user:hunter2@mail.example")

    assert ["***", "***", "Secret(***)"] == [secret.written(), str(secret), repr(secret)]
    with pytest.raises(WrongValueError) as raised:
        SenderUrl.parse("hunter2")
    assert "hunter2" not in str(raised.value)
    with pytest.raises(WrongValueError) as raised:
        Secret.parse("hunter2\nof two lines")
    assert "hunter2" not in str(raised.value)


def test_a_header_carries_one_line_of_ascii() -> None:
    """Blanks stand within it only."""
    assert HeaderValue(literal="Bearer a b") == HeaderValue.parse("Bearer a b")
    for bad in (" a", "a ", "\u00e4"):
        with pytest.raises(WrongValueError, match="no request header can carry"):
            HeaderValue.parse(bad)
