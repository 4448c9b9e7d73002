"""A monitoring server in plain values."""

from watchdog.config.schema.sources.asked import AskedModel
from watchdog.config.sources.asked import HttpSettings, http_settings
from watchdog.config.words import HeaderValue


def test_every_key_has_its_plain_value() -> None:
    """A slash at the end of the address would double."""
    model = AskedModel.model_validate(
        {
            "url": "https://a:1/",
            "timeout": "1s",
            "token": {"credential": "t"},
            "headers": {"X-Key": "k"},
            "tls": {"verify": "false", "ca": "/etc/ca.pem"},
        }
    )

    assert HttpSettings(
        url="https://a:1",
        timeout=1.0,
        headers=(("X-Key", HeaderValue(literal="k")),),
        token=HeaderValue(credential="t"),
        verify=False,
        ca="/etc/ca.pem",
    ) == http_settings(model)
