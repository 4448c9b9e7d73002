"""What all sections share: strict models, short forms, words of later versions, and checks that say where they look.

What lives here: the base model and its JSON Schema. What must not: any key of the language.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

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
    WHOLE: ClassVar[bool] = False
    """It stands in a list. Lists replace each other, so what it lacks no other file can add."""

    def complaints(self) -> Iterator[Complaint]:
        """What is wrong between the keys of this mapping, once each key is right by itself."""
        yield from ()

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The keys as one file may have them: an included file may have what is required, and only one of `ONE_OF`."""
        made = handler(schema)
        inner = handler.resolve_ref_schema(made)
        inner.pop("title", None)
        inner["description"] = " ".join((cls.__doc__ or "").split())
        required = inner.pop("required", [])
        for name, info in cls.model_fields.items():
            if info.is_required():  # a description that the model below has, too, is left out by pydantic
                inner["properties"][info.alias or name]["description"] = f"{info.description} Required."
        if cls.WHOLE and required:
            inner["required"] = required
        if cls.ONE_OF:
            given: list[dict[str, Any]] = [{"required": [key]} for key in cls.ONE_OF]
            inner["oneOf"] = [*given, {"not": {"anyOf": given}}]
        return made


@dataclass(frozen=True, slots=True)
class Short:
    """A short form beside the long one, for pydantic (before its own validation) and for the JSON Schema."""

    expand: Callable[[Any], Any]
    """From either form to the long one."""
    form: Any = None
    """The type of the short form; None: that of the list's items."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Expand, then validate; the form's own schema goes along for the JSON Schema."""
        long = handler(source)
        short = None if self.form is None else handler.generate_schema(self.form)
        both = None if short is None else core_schema.union_schema([short, long])
        return core_schema.no_info_before_validator_function(self.expand, long, json_schema_input_schema=both)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Both forms."""
        made = handler(schema)
        return {"anyOf": [made["items"], made]} if self.form is None else made


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


listed = Short(_listed)
"""A single text stands for a list of one."""
