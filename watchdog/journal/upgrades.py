"""What older versions of this program wrote, as this one would have written it.

What lives here: one small function per class and version that a default cannot stand for. What must not: reading and
writing (`codec`). A field that is new and has a default needs nothing here: it is not in the text, and the default is
its value. When a class changes in any other way, raise `codec.VERSION` and add a function under the version before.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

Plain: TypeAlias = dict[str, Any]
"""A value as its text says it."""


def upgraded(kind: str, version: int, to: int, text: str) -> str:
    """The text of a `kind` that was written in form `version`, in form `to`."""
    steps = [step for each in range(version, to) if (step := UPGRADES.get((kind, each))) is not None]
    if not steps:
        return text
    value = json.loads(text)
    for step in steps:
        value = step(value)
    return json.dumps(value)


def _checkpoint_1(checkpoint: Plain) -> Plain:
    """Form 1 knew no budgets: what rules ordered counts from the first start on, not from the first rollback."""
    for service in checkpoint["state"]["services"].values():
        deployment = service["deployment"]
        rollback = None if deployment is None else deployment["rollback"]
        if rollback is not None and not rollback["by"]:
            service["rolled_back_at"] = [rollback["decided_at"]]
    return checkpoint


UPGRADES: Final[Mapping[tuple[str, int], Callable[[Plain], Plain]]] = {("Checkpoint", 1): _checkpoint_1}
"""By the class that was written and its form."""
