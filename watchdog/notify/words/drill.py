"""The message of a drill: it shows that people can be reached, and says that nothing has happened.

What lives here: its words. What must not: anything about an incident; there is none.
"""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from watchdog.notify.words.message import Message
from watchdog.notify.words.tags import NO_ACTION
from watchdog.text.quantities import moment


def drill(view: Mapping[str, Any], service: str, zone: tzinfo | None = None) -> Message:
    """What the contacts of a drill receive."""
    return Message(
        title=f"{NO_ACTION} {service}: a drill. No user is moved, nothing is rolled back.",
        body=(
            f"Why    Somebody asked at {moment(view['now'], zone, now=view['now'])} whether a rollback would work; "
            "this message is a part of it.\n"
            f"More   rollback-watchdog status {service}"
        ),
    )
