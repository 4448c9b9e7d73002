"""A service's policy in words.

What lives here: one pure function over the view's plain data. What must not: deciding whether it is true.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

Policy: TypeAlias = Mapping[str, Any]


def words(policy: Policy) -> str:
    """What must fire: `any rule`, `2 of (errors, latency, all of (cpu, memory))`."""
    named = [*policy["rules"], *(words(part) for part in policy["parts"])]
    if len(named) == 1 and (policy["all"] or policy["at_least"] == 1):
        return str(named[0])
    among = f" of ({', '.join(named)})" if named else ""
    if policy["all"]:
        return f"all{among}" if named else "every rule that can roll back"
    if policy["at_least"] == 1:
        return f"any{among}" if named else "any rule"
    return f"{policy['at_least']}{among}" if named else f"{policy['at_least']} rules"
