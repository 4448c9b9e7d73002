from watchdog.config.forms import Expect
from watchdog.config.schema.services import Service
from watchdog.config.schema.sources.health import Health
from watchdog.config.sources.health import HealthSettings, HealthTarget, health_settings
from watchdog.core.model import Colour

SERVICE = Service.model_validate(
    {
        "stable": "blue",
        "data": "shared",
        "sessions": "shared",
        "colours": {"blue": {"server": "a:1"}, "green": {"server": ["b:1", "c:2"]}},
        "router": {"nginx": {"directory": "/etc/nginx/rwd"}},
        "rules": ["health"],
        "plan": "canary",
    }
)


def test_a_health_check_becomes_plain_values() -> None:
    """Every server of each colour, with the colour filled in; without `tls` the system is trusted."""
    health = Health.model_validate({"path": "/$colour/health", "expect": "204"})

    assert HealthSettings(
        name="health",
        service="app",
        poll=2.0,
        timeout=2.0,
        verify=True,
        ca=None,
        expect=Expect(status=204),
        targets=(
            HealthTarget(colour=Colour.BLUE, urls=("http://a:1/blue/health",), headers=(), server_name=None),
            HealthTarget(
                colour=Colour.GREEN,
                urls=("http://b:1/green/health", "http://c:2/green/health"),
                headers=(),
                server_name=None,
            ),
        ),
    ) == health_settings("health", "app", health, SERVICE)


def test_trust_may_be_told() -> None:
    """The name may differ between the colours."""
    tls = {"verify": "false", "ca": "/etc/ca.pem", "server_name": "$colour.example"}
    health = Health.model_validate({"path": "/", "scheme": "https", "tls": tls})
    settings = health_settings("health", "app", health, SERVICE)

    assert (False, "/etc/ca.pem") == (settings.verify, settings.ca)
    assert ["blue.example", "green.example"] == [target.server_name for target in settings.targets]
    assert ("https://a:1/",) == settings.targets[0].urls
