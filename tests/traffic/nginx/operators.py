"""Small nginx configurations of an operator, and what `show` says about them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchdog.core.model import Colour, Split
from watchdog.traffic.nginx.findings import ShowResult
from watchdog.traffic.nginx.render import ServiceNginx
from watchdog.traffic.nginx.setup import write_common, write_service
from watchdog.traffic.nginx.show import show

TOKEN = "0123456789abcdef0123456789abcdef"
SHIELD = "proxy_next_upstream error timeout http_500 http_502 http_503 http_504; proxy_next_upstream_tries 2;"
"""What a location needs so that stable answers what the candidate fails; it may be inherited."""

SPLIT = Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=0.0, salt="d1")


def service(**changes: Any) -> ServiceNginx:
    values: dict[str, Any] = {
        "service": "app",
        "servers": {Colour.BLUE: ("127.0.0.1:8081",), Colour.GREEN: ("127.0.0.1:8082",)},
        "token": TOKEN,
    }
    return ServiceNginx(**{**values, **changes})


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What `show` said, with the folder's name taken out."""

    result: ShowResult

    @property
    def lines(self) -> list[str]:
        return list(self.result.lines)

    def below(self, head: str) -> list[str]:
        """The lines under the change whose head contains this."""
        numbers = [n for n, line in enumerate(self.lines) if head in line and not line.startswith("    ")]
        assert len(numbers) == 1, (head, self.lines)
        found = []
        for line in self.lines[numbers[0] + 1 :]:
            if not line.startswith("    "):
                break
            found.append(line.strip())
        return found

    @property
    def refusals(self) -> list[str]:
        return list(self.result.refusals)


class Host:
    """A folder with an operator's nginx.conf and our files."""

    def __init__(self, folder: Path, *services: ServiceNginx) -> None:
        self.folder = folder
        self.main = folder / "nginx.conf"
        self.ours = folder / "rwd"
        self.services = services or (service(),)
        write_common(self.ours, self.services, Path("/run/edge.sock"))
        for each in self.services:
            write_service(self.ours, each, folder / "state", SPLIT)

    def include(self, block: str, *names: str) -> str:
        files = ("rwd-common", *(names or [each.service for each in self.services]))
        return "".join(f"include {self.ours}/{name}.{block}.conf; " for name in files)

    def done(self, location: str, *, server: str = "", http: str = "", main: str = "") -> str:
        """A configuration in which everything else is in place, one directive per line where it matters."""
        return (
            f"worker_shutdown_timeout 60s; {main}\nevents {{}}\nhttp {{ {self.include('http')}{SHIELD} {http}\n"
            f"server {{ {self.include('server')}access_log /var/log/own.log;\n{server}\n{location}\n}}\n}}\n"
        )

    def show(self, text: str, others: Mapping[str, str] | None = None, **changes: Any) -> Shown:
        self.main.write_text(text)
        for name, other in (others or {}).items():
            (self.folder / name).write_text(other)
        values: dict[str, Any] = {
            "main": self.main,
            "directory": self.ours,
            "services": self.services,
            "socket": Path("/run/edge.sock"),
            "has_address": lambda _: True,
            "is_read": lambda _: True,
        }
        result = show(**{**values, **changes})

        def short(lines: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(line.replace(f"{self.folder}/", "") for line in lines)

        return Shown(
            result=ShowResult(lines=short(result.lines), refusals=short(result.refusals), in_place=result.in_place)
        )


def obey(lines: tuple[str, ...]) -> None:
    """Make the changes that `show` prints, as an operator would, from the last line of each file to the first."""
    changes: list[tuple[Path, int, str, list[str]]] = []
    for line in lines:
        head = re.match(r"(/\S+):(\d+): (.*)$", line)
        if head and not line.startswith("    "):
            changes.append((Path(head[1]), int(head[2]), head[3], []))
        else:
            changes[-1][3].append(line.strip())
    # What goes beside a directive finds it by the text that it has before it is changed itself.
    for path, number, what, below in sorted(changes, key=lambda change: (-change[1], change[2])):
        text = path.read_text().splitlines()
        if what.startswith("beside "):
            old = what.split('"')[1]
            text[number - 1] = text[number - 1].replace(old, f"{old} {' '.join(below)}")
        elif what.startswith("change "):
            text[number - 1] = text[number - 1].replace(what.split('"')[1], "\n".join(below))
        elif what.startswith("remove"):
            text[number - 1] = text[number - 1].replace(below[0], "")
        elif what.startswith("at the top level"):
            text[0:0] = below
        else:
            text[number:number] = below
        path.write_text("\n".join(text) + "\n")
