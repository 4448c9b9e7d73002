"""What all sections share: strict models, words of later versions, and checks that say where they look.

What lives here: the base model. What must not: any key of the language.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict

Place: TypeAlias = tuple[str | int, ...]
"""Keys and positions from an entry down to one of its values."""

Complaint: TypeAlias = tuple[Place, str]
"""Where in an entry, and what is wrong there."""


class Model(BaseModel):
    """One mapping of the file. Keys that it does not know are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    LATER: ClassVar[frozenset[str]] = frozenset()
    """Keys of the language that this version refuses by name."""
    LATER_WORDS: ClassVar[Mapping[str, frozenset[str]]] = {}
    """Values of a key that this version refuses by name."""
    ONE_OF: ClassVar[tuple[str, ...]] = ()
    """Of these keys exactly one is given."""

    def complaints(self) -> Iterator[Complaint]:
        """What is wrong between the keys of this mapping, once each key is right by itself."""
        yield from ()


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


listed = BeforeValidator(_listed)
"""A single text stands for a list of one."""
