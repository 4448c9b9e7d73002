"""What is sent to a server that is queried."""

from dataclasses import replace

from watchdog.config.sources.prometheus import HttpSettings
from watchdog.config.words import Secret
from watchdog.daemon.sources.headers import headers

HTTP = HttpSettings(url="http://metrics", timeout=1.0, headers=(), token=None, verify=True, ca=None)


def reveal(secret: Secret) -> str:
    return f"<{secret.credential}>"


def test_a_token_is_a_bearer_s_and_headers_are_as_they_were_named() -> None:
    """With the secrets revealed; nothing is sent that was not given."""
    given = replace(HTTP, token=Secret(credential="t"), headers=(("X-Scope-OrgID", Secret(credential="team")),))
    assert {"Authorization": "Bearer <t>", "X-Scope-OrgID": "<team>"} == headers(given, reveal)
    assert {} == headers(HTTP, reveal)
