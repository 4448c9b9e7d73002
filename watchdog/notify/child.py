"""The short-lived process that sends: `python -I -m watchdog.notify.child`. The only place that loads apprise.

What lives here: one job from standard input, one line on standard output, an exit code. What must not: retries,
deadlines, anything of the daemon. Target URLs hold secrets: they come by standard input alone, never as an argument,
and are taken out of what is said.

A job is JSON: {"url": ..., "title": ..., "body": ...} sends; {"check": [url, ...]} parses only and answers with a JSON
list of reasons, one per URL, empty when it is fine.
"""

import json
import logging
import re
import sys
from typing import Any, Final, TextIO

SENT: Final = 0
FAILED: Final = 1
"""May work later."""
REFUSED: Final = 2
"""Will never work: the job or the URL is wrong."""

NOT_A_TARGET: Final = "found no target in this URL, wanted one such as mailto://user:password@example.org"
_LONGEST_REASON: Final = 200
_SHORTEST_SECRET: Final = 4  # shorter parts of a URL (ports, "no", "yes") would blacken ordinary words


def main(stdin: TextIO, stdout: TextIO) -> int:
    """Do one job; the exit code."""
    try:
        job = json.load(stdin)
    except ValueError:
        stdout.write("the job is no JSON\n")
        return REFUSED
    if "check" in job:
        reasons = ["" if _target(url) is not None else NOT_A_TARGET for url in job["check"]]
        stdout.write(json.dumps(reasons) + "\n")
        return SENT
    code, reason = send(job["url"], job["title"], job["body"])
    stdout.write(reason + "\n")
    return code


def send(url: str, title: str, body: str) -> tuple[int, str]:
    """Send one message to one target; exit code and reason, without the URL's secrets."""
    import apprise  # noqa: PLC0415 - 40 MB, and a job that is no job does not need it

    target = _target(url)
    if target is None:
        return REFUSED, NOT_A_TARGET
    capture = apprise.LogCapture(level=logging.WARNING, fmt="%(message)s")  # type: ignore[no-untyped-call]  # it has none
    with capture as said:
        sent = bool(target.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT))
        words = said.getvalue()
    if sent:
        return SENT, "sent"
    return FAILED, without_secrets(" ".join(words.split()) or "the service did not take the message", url)


def without_secrets(text: str, url: str) -> str:
    """The text without any part of the URL behind its scheme except a host name alone, and cut to one line."""
    rest = url.partition("://")[2]
    parts = {part for part in re.split(r"[/:@?&=#,]+", rest) if len(part) >= _SHORTEST_SECRET}
    host = re.split(r"[/?#]", rest)[0].rpartition("@")[2].partition(":")[0]
    if "." in host:  # for a chat service the first part is a token, and tokens have no dots
        parts.discard(host)
    for part in sorted(parts, key=len, reverse=True):
        text = text.replace(part, "***")
    return text[:_LONGEST_REASON]


def _target(url: str) -> Any:
    """What apprise makes of the URL; None when it knows no such service or something is missing."""
    import apprise  # noqa: PLC0415 - see send()

    return apprise.Apprise.instantiate(url, suppress_exceptions=True)


if __name__ == "__main__":
    sys.exit(main(sys.stdin, sys.stdout))
