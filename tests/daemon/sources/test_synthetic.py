"""From synthetic requests' plain settings to the live source: what reaches it."""

import asyncio
from pathlib import Path

import pytest

from tests.daemon.helpers import ENVIRONMENT, environment
from watchdog.config.sources.synthetic import SyntheticSettings
from watchdog.config.words import Secret
from watchdog.core.model import Colour
from watchdog.daemon.sources import build
from watchdog.sources.http_probe import HttpTarget, Tls
from watchdog.sources.synthetic import SyntheticSource

REQUESTS = """\
  own:
    synthetic:
      timeout: 1s
      requests:
        login: {{method: POST, path: /login, body: {{credential: body}}, headers: {{X-Key: {{credential: key}}}},
                 allow_writes: true, expect: {{status: [200, 201], json: {{ok: true}}}}}}
        form: {{method: POST, path: /form, body: a=1, headers: {{content-type: text/plain}}, allow_writes: true}}
"""
RULE = """\
  logins: {{sequential_ratio: {{bad: own.failures, total: own.requests, limit: 5%}}, on_fire: rollback}}
services:"""


def built(folder: Path, more: str = "") -> SyntheticSource:
    """The live source of an environment with these requests."""
    text = ENVIRONMENT.replace('{{server: "127.0.0.1:8082"}}', '{{server: ["127.0.0.1:8082", "127.0.0.1:8083"]}}')
    text = text.replace("rules:\n", REQUESTS.replace("timeout: 1s", f"timeout: 1s{more}") + "rules:\n", 1)
    text = text.replace("services:", RULE, 1).replace("[errors, health]", "[errors, health, logins]")
    (service,) = environment(folder, text).services
    (settings,) = (each for each in service.sources if isinstance(each, SyntheticSettings))
    source = build.source(settings, lambda: 0.0, lambda secret: secret.literal or f"<{secret.credential}>")
    assert isinstance(source, SyntheticSource)
    return source


def test_every_server_gets_every_request(tmp_path: Path) -> None:
    """With the credentials revealed; a body is JSON unless a header says otherwise."""
    source = built(tmp_path)
    servers = [(server.colour, server.prober.address) for server in source._servers]
    login, form = source._servers[2].targets.values()

    assert [
        (Colour.BLUE, "127.0.0.1:8081"),
        (Colour.GREEN, "127.0.0.1:8082"),
        (Colour.GREEN, "127.0.0.1:8083"),
    ] == servers
    assert login == HttpTarget(
        url="http://127.0.0.1:8083/login",
        method="POST",
        content=b"<body>",
        timeout=1.0,
        statuses=(200, 201),
        expect={"ok": True},
        headers={"X-Key": "<key>", "Content-Type": "application/json"},
    )
    assert ({"content-type": "text/plain"}, b"a=1") == (form.headers, form.content)
    assert ("own", 1.0) == (source.name, source.interval)
    asyncio.run(source.close())


def test_trust_reaches_every_request(tmp_path: Path) -> None:
    """As it was written."""
    source = built(tmp_path, "\n      scheme: https\n      tls: {{verify: false, server_name: app.internal}}")

    assert {Tls(verify=False, server_name="app.internal")} == {
        target.tls for server in source._servers for target in server.targets.values()
    }
    asyncio.run(source.close())


def test_what_must_not_be_shown_is_not(tmp_path: Path) -> None:
    """A target in a traceback has neither its body nor its headers."""
    source = built(tmp_path)

    assert "<body>" not in repr(source._servers[0].targets)
    assert "<key>" not in repr(source._servers[0].targets)
    asyncio.run(source.close())


def test_a_credential_that_is_not_there_is_told(tmp_path: Path) -> None:
    """When the source is made."""
    text = ENVIRONMENT.replace("rules:\n", REQUESTS + "rules:\n", 1)
    text = text.replace("services:", RULE, 1).replace("[errors, health]", "[errors, health, logins]")
    (service,) = environment(tmp_path, text).services

    def nothing(_secret: Secret) -> str:
        raise FileNotFoundError("credential key: the unit has none of this name")

    (settings,) = (each for each in service.sources if isinstance(each, SyntheticSettings))
    with pytest.raises(FileNotFoundError, match="credential key"):
        build.source(settings, lambda: 0.0, nothing)
