from watchdog.config.schema.sources.access_log import AccessLog
from watchdog.config.sources.access_log import AccessLogSettings, RouteSettings, edge_settings


def test_the_access_log_becomes_plain_values() -> None:
    """Route by route, statuses as numbers."""
    log = AccessLog.model_validate(
        {
            "slow": "1500ms",
            "routes": {
                "login": {"path": "/login", "critical": "true", "also_bad": ["401", "403"]},
                "export": {"path": "~^/x", "long": "true"},
            },
        }
    )

    assert AccessLogSettings(
        name="edge",
        slow=1.5,
        routes=(
            RouteSettings(name="login", path="/login", critical=True, long=False, also_bad=(401, 403)),
            RouteSettings(name="export", path="~^/x", critical=False, long=True),
        ),
    ) == edge_settings("edge", log)
