from pathlib import Path

from tests.config.helpers import compiled

OTHER = """services:
  other:
    stable: blue
    data: shared
    sessions: shared
    colours: {blue: {server: "a:1"}, green: {server: "a:2"}}
    router: {nginx: {directory: /etc/nginx/rwd}}
    rules: [errors, health]
    plan: canary
"""


def test_an_access_log_that_two_services_share_is_one(tmp_path: Path) -> None:
    """Both have the same settings of it."""
    result = compiled(tmp_path, OTHER)

    assert ["app", "other"] == [service.name for service in result.services]
    assert {"edge"} == {service.edge.name for service in result.services if service.edge}
    assert result.services[0].edge == result.services[1].edge
