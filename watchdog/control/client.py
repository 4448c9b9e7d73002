"""The client of the control API. It knows nothing of the core, so that a deploy host needs nothing else.

What lives here: requests, answers as they come, and errors that say what to do. What must not: printing, retrying a
command (the daemon may have carried it out), any meaning of an answer.
"""

import json
import socket
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self, TypeAlias
from urllib.parse import quote

import httpx

Answer: TypeAlias = dict[str, Any]

DEFAULT_SOCKET: Final = Path("/run/rollback-watchdog/control.sock")
TIMEOUT_S: Final = 30.0
"""A command waits for what it changes to be in force, at most."""
SILENCE_S: Final = 45.0
"""The daemon says every 15 s that an event stream is alive; three times that is a dead one."""
RECONNECT_S: Final = 1.0


class ControlError(Exception):
    """The daemon did not do or tell what was asked. The message says what happened and what would help."""


class NotRunningError(ControlError):
    """Nothing listens on the control socket."""


class ForbiddenError(ControlError):
    """This user may not use the socket, or may not do this."""


class RefusedError(ControlError):
    """The daemon understood and refused; the message is its own. `reason` is the closed name of why, or empty."""

    def __init__(self, message: str, *, reason: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status


class DaemonError(ControlError):
    """The daemon made a mistake, or did not answer in time; a command may have been carried out."""


class Client:
    """One daemon, by its control socket."""

    def __init__(self, path: Path = DEFAULT_SOCKET, *, timeout: float = TIMEOUT_S) -> None:
        self.path = path
        self._timeout = timeout
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(path)),
            base_url="http://rollback-watchdog",
            timeout=timeout,
            trust_env=False,  # a proxy in the environment is not for a Unix socket
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def status(self) -> Answer:
        """Everything that the daemon knows about its services now."""
        return self._ask("GET", "/v1/status")

    def rules(self, service: str | None = None) -> Answer:
        """The rules in force and their states."""
        return self._ask("GET", "/v1/rules", params=_given(service=service))

    def explain(self, service: str) -> Answer:
        """Why the service's last deployment went as it did, from the journal."""
        return self._ask("GET", _service(service, "explain"))

    def records(
        self,
        *,
        since: int | None = None,
        service: str | None = None,
        types: tuple[str, ...] | None = None,
        limit: int | None = None,
    ) -> list[Answer]:
        """Records of the journal, oldest first; without `since` the newest."""
        asked = _given(since=since, service=service, types=None if types is None else ",".join(types), limit=limit)
        found: list[Answer] = self._ask("GET", "/v1/records", params=asked)["records"]
        return found

    def submit(
        self,
        service: str,
        release: str,
        *,
        plan: str | None = None,
        schema: str | None = None,
        watched_by: str | None = None,
        because: str | None = None,
    ) -> Answer:
        """Begin a deployment."""
        body = _given(release=release, plan=plan, schema=schema, watched_by=watched_by, because=because)
        return self._ask("POST", _service(service, "deployments"), body=body)

    def rollback(self, service: str, *, because: str | None = None, anyway: bool = False) -> Answer:
        """Move all traffic to stable; `anyway` passes the interlocks."""
        return self._ask("POST", _service(service, "rollback"), body=_given(because=because, anyway=anyway or None))

    def abort(self, service: str, *, because: str | None = None) -> Answer:
        """End a deployment; after its first shift that is a rollback."""
        return self._ask("POST", _service(service, "abort"), body=_given(because=because))

    def pause(self, service: str, *, because: str | None = None) -> Answer:
        """Stop progression; rollback stays armed."""
        return self._ask("POST", _service(service, "pause"), body=_given(because=because))

    def resume(self, service: str, *, because: str | None = None) -> Answer:
        """Take away the holds that a human may take away."""
        return self._ask("POST", _service(service, "resume"), body=_given(because=because))

    def promote(self, service: str, *, because: str | None = None) -> Answer:
        """Pass the evidence gate of the present step."""
        return self._ask("POST", _service(service, "promote"), body=_given(because=because))

    def acknowledge(self, service: str, *, incident: str | None = None) -> Answer:
        """Stop the messages of an incident; changes nothing else."""
        return self._ask("POST", _service(service, "acknowledge"), body=_given(incident=incident))

    def adopt(self, service: str, *, because: str | None = None) -> Answer:
        """Take what the router says as the truth."""
        return self._ask("POST", _service(service, "adopt"), body=_given(because=because))

    def forgive(self, service: str, release: str, *, because: str | None = None) -> Answer:
        """Take a release off the list of known bad ones."""
        return self._ask("POST", _service(service, "forgive"), body=_given(release=release, because=because))

    def waive(self, service: str, rule: str, *, for_seconds: float, because: str | None = None) -> Answer:
        """Take a rule out of the deployment under way for so long; 0 ends that at once."""
        body = _given(rule=rule, for_seconds=for_seconds, because=because)
        return self._ask("POST", _service(service, "waive"), body=body)

    def disarm(self, service: str, *, for_seconds: float, because: str | None = None) -> Answer:
        """No automatic rollback or divert of the service for so long; 0 ends that at once."""
        return self._ask("POST", _service(service, "disarm"), body=_given(for_seconds=for_seconds, because=because))

    def hold(self, service: str, weight: float, *, because: str | None = None) -> Answer:
        """Give the candidate this share, smaller than its present one, until `resume`."""
        return self._ask("POST", _service(service, "hold"), body=_given(weight=weight, because=because))

    def divert(self, service: str, route: str, *, release: bool = False, because: str | None = None) -> Answer:
        """Keep one route's users from the candidate, or let them go there again (`release`)."""
        body = _given(route=route, release=release or None, because=because)
        return self._ask("POST", _service(service, "divert"), body=body)

    def rehearse(self, service: str, *, drill: bool = False) -> Answer:
        """Begin to show that a rollback would work; how it went stands in the view's `rehearsal`."""
        return self._ask("POST", _service(service, "rehearse"), body=_given(drill=drill or None))

    def did(self, service: str, task: str, *, because: str | None = None) -> Answer:
        """Say that a task was carried out by hand."""
        return self._ask("POST", _service(service, "did"), body=_given(task=task, because=because))

    def stop_the_line(
        self, *, release: bool = False, for_seconds: float | None = None, because: str | None = None
    ) -> Answer:
        """Stop every automatic action, or let go again (`release`)."""
        body = _given(release=release or None, for_seconds=for_seconds, because=because)
        return self._ask("POST", "/v1/stop-the-line", body=body)

    def reload(self, *, force: bool = False) -> Answer:
        """Read the configuration again; all of it or nothing comes into force."""
        return self._ask("POST", "/v1/reload", body=_given(force=force or None))

    def events(
        self, *, after: int | None = None, sleep: Callable[[float], object] = time.sleep
    ) -> Generator[Answer, None, None]:
        """What happens, from now on or from record `after` on, without end.

        A connection that is lost later is made again, and goes on after the last event that arrived. NotRunningError,
        ForbiddenError and the like when the first connection fails.
        """
        connected = False
        while True:
            try:
                with self._stream(after) as lines:
                    connected = True
                    for event in _parse(lines):
                        after = event["seq"]
                        yield event
            except (NotRunningError, DaemonError):
                if not connected:
                    raise
            sleep(RECONNECT_S)

    @contextmanager
    def _stream(self, after: int | None) -> Iterator[Iterator[str]]:
        headers = {} if after is None else {"last-event-id": str(after)}
        timeout = httpx.Timeout(self._timeout, read=SILENCE_S)
        with self._errors(), self._http.stream("GET", "/v1/events", headers=headers, timeout=timeout) as response:
            if response.is_error:
                response.read()
                _raise(response)
            yield response.iter_lines()

    def _ask(self, method: str, path: str, *, params: Answer | None = None, body: Answer | None = None) -> Answer:
        with self._errors():
            response = self._http.request(method, path, params=params, json=body)
            if response.is_error:
                _raise(response)
            answer: Answer = response.json()
            return answer

    @contextmanager
    def _errors(self) -> Iterator[None]:
        self._knock()
        try:
            yield
        except httpx.TimeoutException as error:
            raise DaemonError(
                "the daemon did not answer in time; rollback-watchdog status tells what is true"
            ) from error
        except httpx.HTTPError as error:
            raise DaemonError(
                f"the connection to the daemon broke ({error}); rollback-watchdog status tells what is true"
            ) from error
        except ValueError as error:
            raise DaemonError(f"{self.path}: what answers there is not rollback-watchdog ({error})") from error

    def _knock(self) -> None:
        """See whether the socket can be reached: httpx hides the error number, and leaks a socket that is refused."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
                knocking.settimeout(self._timeout)
                knocking.connect(str(self.path))
        except PermissionError as error:
            told = f"{self.path}: permission denied; members of the operator or viewer group may use it"
            raise ForbiddenError(told) from error
        except (FileNotFoundError, ConnectionRefusedError) as error:
            what = "the daemon left its socket behind" if self.path.is_socket() else "there is no socket"
            told = f"rollback-watchdog is not running ({self.path}: {what}); systemctl status rollback-watchdog"
            raise NotRunningError(told) from error
        except OSError as error:
            raise NotRunningError(f"{self.path}: {error.strerror or error}") from error


def _service(service: str, command: str) -> str:
    return f"/v1/services/{quote(service, safe='')}/{command}"


def _given(**values: object) -> Answer:
    return {name: value for name, value in values.items() if value is not None}


def _raise(response: httpx.Response) -> None:
    answer = response.json()
    message = str(answer["message"]) if isinstance(answer, dict) and "message" in answer else response.text
    if response.status_code == httpx.codes.FORBIDDEN:
        raise ForbiddenError(message)
    if response.is_server_error:
        raise DaemonError(message)
    raise RefusedError(message, reason=str(answer.get("reason", "")), status=response.status_code)


def _parse(lines: Iterator[str]) -> Iterator[Answer]:
    """The data of each server-sent event; comments say only that the daemon lives."""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "data":
            yield json.loads(value)
