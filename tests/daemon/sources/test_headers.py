"""What is sent to a server that is queried."""

from dataclasses import replace

import pytest

from watchdog.config.sources.asked import HttpSettings
from watchdog.config.words import Secret
from watchdog.daemon.sources.headers import carried, headers

HTTP = HttpSettings(url="http://metrics", timeout=1.0, headers=(), token=None, verify=True, ca=None)


def reveal(secret: Secret) -> str:
    return f"<{secret.credential}>"


def test_a_token_is_a_bearer_s_and_headers_are_as_they_were_named() -> None:
    """With the secrets revealed; nothing is sent that was not given."""
    given = replace(HTTP, token=Secret(credential="t"), headers=(("X-Scope-OrgID", Secret(credential="team")),))
    assert {"Authorization": "Bearer <t>", "X-Scope-OrgID": "<team>"} == headers(given, reveal)
    assert {} == headers(HTTP, reveal)


@pytest.mark.parametrize("text", ["s3cret\nof two lines", "s3cret\u00e4", "", "s3cret\0"])
def test_what_no_header_can_carry_is_said_before_it_is_sent(text: str) -> None:
    """And not repeated, as the client would do in every reading."""
    with pytest.raises(OSError, match=r"^credential key holds what no request header can carry; wanted") as why:
        carried(Secret(credential="key"), lambda _: text)
    assert "s3cret" not in str(why.value)
    with pytest.raises(OSError, match=r"^/run/key holds"):
        carried(Secret(file="/run/key"), lambda _: text)
