"""The port, and that the router fits it."""

import inspect

from watchdog.traffic.base import Router, RouterError
from watchdog.traffic.nginx.router import NginxRouter


def test_the_nginx_router_fits_the_port() -> None:
    """Every method of the port is there, with the same parameters, and can be awaited."""
    for name, wanted in inspect.getmembers(Router, inspect.isfunction):
        if name.startswith("_"):
            continue
        found = getattr(NginxRouter, name)
        assert list(inspect.signature(wanted).parameters) == list(inspect.signature(found).parameters), name
        assert inspect.iscoroutinefunction(found), name


def test_a_router_error_is_words_for_people() -> None:
    """What was tried and what came back is all there is to it."""
    assert "reload failed: exit 1" == str(RouterError("reload failed: exit 1"))
