"""What every monitoring server's keys refuse."""

from pathlib import Path

import pytest

from tests.config.helpers import changed
from watchdog.config.errors import ConfigError

KINDS = ("prometheus: {gauges: {up: max(up)}, ", "alertmanager: {matchers: severity=critical, ")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ("url: http://a:1, timeout: 50ms", "timeout"),
        ("url: http://a:1, poll: 1ms", "poll"),
        ("url: 'http://a:1/?x=y'", "url"),
        ("url: http://a:1, tls: {verify: false}", "tls"),
        ("url: https://a:1, token: t, headers: {authorization: u}", "token"),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path: Path, kind: str, keys: str, key: str) -> None:
    """The same for each kind, at the key that is wrong."""
    with pytest.raises(ConfigError) as raised:
        changed(tmp_path, f"sources: {{asked: {{{kind}{keys}}}}}}}\n")

    assert [key] == [error.key.rpartition(".")[2] for error in raised.value.errors]
