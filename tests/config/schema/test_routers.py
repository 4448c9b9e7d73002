"""Keys of routers whose mistakes are no bad file of `tests/config/bad`."""

from watchdog.config.schema.routers.command import CommandRouter
from watchdog.config.schema.routers.entry import Entry
from watchdog.config.schema.routers.haproxy import HaproxyRouter
from watchdog.config.schema.routers.nginx import Nginx
from watchdog.config.schema.routers.router import Router
from watchdog.config.units import Duration


def test_a_router_says_how_it_is_reached_and_how_long_it_drains() -> None:
    """Whichever kind it is; commands do not know what is open."""
    entry = Entry.model_validate({"url": "http://127.0.0.1:8080/"})
    nginx = Nginx.model_validate({"directory": "/etc/nginx/rwd", "drain": "5s"})
    haproxy = HaproxyRouter.model_validate({"socket": "/run/h.sock", "backend": "app", "entry": entry})
    command = CommandRouter.model_validate({"rollback": ["/opt/back"], "promote": ["/opt/switch"], "entry": entry})

    assert (Entry(), 5.0) == (Router(nginx=nginx).entry, Router(nginx=nginx).drain)
    assert (entry, 60.0) == (Router(haproxy=haproxy).entry, Router(haproxy=haproxy).drain)
    assert (entry, None) == (Router(command=command).entry, Router(command=command).drain)


def test_commands_can_divert_only_with_a_brake_and_its_release() -> None:
    plain = CommandRouter.model_validate({"rollback": ["/opt/back"], "promote": ["/opt/switch"]})
    able = plain.model_copy(update={"brake": ("/opt/brake",), "release": ("/opt/release",)})

    assert [False, True] == [Router(command=each).can_divert for each in (plain, able)]
    assert {"rollback": ("/opt/back",), "promote": ("/opt/switch",)} == plain.actions
    assert Duration(15.0) == plain.deadline
