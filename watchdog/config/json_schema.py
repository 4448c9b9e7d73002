"""The language as a JSON Schema (draft 2020-12), made from the models, for editors and other programs.

What lives here: the schema of one file. What must not: wording (the models have it). It describes a file as it is
written, before anything is included or filled in: what an included file may add is not required, and a text with a
variable in it is taken for any value. What only the whole can tell (names, ranges between keys) `check` finds.
"""

import json
from typing import Any, Final

from pydantic import TypeAdapter, create_model
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, NoDefault
from pydantic_core import core_schema

from watchdog.config.effective import written
from watchdog.config.load import SECTIONS
from watchdog.config.parsed import VARIABLE, spelled
from watchdog.config.schema.base import Model
from watchdog.config.schema.environment import Top
from watchdog.config.words import Name

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

_SCALAR: Final[dict[str, Any]] = {"type": ["string", "number", "boolean"]}
_TEXTS: Final[dict[str, Any]] = {
    "type": "object",
    "propertyNames": {"pattern": "^(?!colour$)[A-Za-z_][A-Za-z0-9_]*$"},
}
_FILE: Final[dict[str, Any]] = spelled(r".*\S.*", "a file, relative to this one", "base.yml")
_WITH: Final[dict[str, Any]] = {
    "description": "Texts for the variables that the file has.",
    **_TEXTS,
    "additionalProperties": _SCALAR,
}
_OF_FILES: Final[dict[str, Any]] = {
    "include": {
        "description": "Files that are read first, in order; this one is merged over them. A file that is included "
        "`with` variables has its own.",
        "type": "array",
        "items": {
            "anyOf": [
                _FILE,
                {
                    "type": "object",
                    "properties": {"file": _FILE, "with": _WITH},
                    "required": ["file"],
                    "additionalProperties": False,
                },
            ]
        },
    },
    "variables": {
        "description": "Texts that are filled in for `$NAME` in values and names. Without a text: whoever includes the "
        "file gives it.",
        **_TEXTS,
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    },
}
"""What `config.files` reads, before there is a model."""


class _Written(GenerateJsonSchema):
    """pydantic's schema of a value, turned to what stands in a file."""

    schema_dialect = DRAFT

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """A key without a value is an error; to get the default, one leaves it out."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """The default as a file would hold it; none where nothing stands for it, or keys with their own defaults."""
        made = self.generate_inner(schema["schema"])
        default = self.get_default_value(schema)
        if default is not NoDefault and default not in (None, (), {}) and not isinstance(default, Model):
            made = {**made, "default": written(default)}
        return made

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        """Words; one that looks like a number is one to an editor."""
        return _words([str(each) for each in schema["expected"]])

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        """Words."""
        return _words([str(member.value) for member in schema["members"]])

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Names with their values."""
        made = {
            "type": "object",
            "propertyNames": self.generate_inner(schema["keys_schema"]),
            "additionalProperties": self.generate_inner(schema["values_schema"]),
        }
        bounds = {"minProperties": schema.get("min_length"), "maxProperties": schema.get("max_length")}
        return {**made, **{key: bound for key, bound in bounds.items() if bound is not None}}

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never: it would repeat the key."""
        _ = schema
        return False


def _words(words: list[str]) -> JsonSchemaValue:
    numbers = [int(word) for word in words if word.isdecimal()]
    return {"anyOf": [{"enum": [*words, *numbers]}, {"type": "string", "pattern": VARIABLE}]}


def schema() -> dict[str, Any]:
    """The schema of an environment file, or of a file that one includes."""
    sections: dict[str, Any] = {
        key: (dict[Name, model], {})  # type: ignore[valid-type]  # mypy wants types to be known
        for key, model in SECTIONS.items()
    }
    file = create_model("File", __base__=Top, **sections)
    made = TypeAdapter(file).json_schema(schema_generator=_Written, mode="validation")
    made["properties"] = {**_OF_FILES, **made["properties"]}
    for key, model in SECTIONS.items():
        made["properties"][key] |= {"description": " ".join((model.__doc__ or "").split())}
    made["title"] = "An environment of rollback-watchdog"
    made["description"] = "One environment: its services and how they are guarded; or a file that such a file includes."
    return {"$schema": DRAFT, **made}


def text() -> str:
    """As it is published."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
