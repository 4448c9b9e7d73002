"""From the keys of synthetic requests to plain values."""

from pathlib import Path

from tests.config.helpers import compiled
from tests.config.schema.sources.test_synthetic import OWN
from watchdog.config.sources.synthetic import SyntheticRequest, SyntheticSettings, SyntheticTarget
from watchdog.config.words import HeaderValue, Secret
from watchdog.core.model import Colour


def settings(folder: Path, text: str) -> SyntheticSettings:
    """The only source of its kind."""
    (service,) = compiled(folder, text).services
    (found,) = (each for each in service.sources if isinstance(each, SyntheticSettings))
    return found


def test_every_key_has_its_plain_value(tmp_path: Path) -> None:
    """Durations in seconds, both colours, `$colour` filled in, secrets as they were written."""
    found = settings(tmp_path, OWN)

    def target(colour: Colour, server: str) -> SyntheticTarget:
        login = SyntheticRequest(
            name="login",
            method="POST",
            path=f"/login?as={colour}",
            headers=(("X-Key", HeaderValue(credential="key")),),
            body=Secret(literal='{"user": "probe"}'),
            statuses=(200, 201),
            expect=(("user", {"ok": True}),),
        )
        labs = SyntheticRequest(
            name="labs", method="GET", path="/labs", headers=(), body=None, statuses=(200,), expect=()
        )
        return SyntheticTarget(colour=colour, servers=(server,), requests=(login, labs), server_name=None)

    assert SyntheticSettings(
        name="own",
        service="app",
        poll=1.0,
        every=0.5,
        timeout=2.0,
        verify=True,
        ca=None,
        targets=(target(Colour.BLUE, "http://127.0.0.1:8081"), target(Colour.GREEN, "http://127.0.0.1:8082")),
    ) == found  # fmt: skip


def test_trust_is_as_for_health_checks(tmp_path: Path) -> None:
    """Over https, with the colour in the certificate's name."""
    tls = "scheme: https\n      tls: {verify: false, ca: /etc/ca.pem, server_name: $colour.app.internal}"
    found = settings(tmp_path, OWN.replace("      requests:", f"      {tls}\n      requests:"))

    assert (False, "/etc/ca.pem") == (found.verify, found.ca)
    assert ["blue.app.internal", "green.app.internal"] == [target.server_name for target in found.targets]
    assert ("https://127.0.0.1:8081",) == found.targets[0].servers
