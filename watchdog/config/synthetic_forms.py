"""What a synthetic request's answer must be, as an operator writes it.

What lives here: parsing and canonical spelling. What must not: keys, files, how answers are judged.
"""

from typing import Annotated, Any, ClassVar, Self

from pydantic import PlainValidator, WithJsonSchema

from watchdog.config.errors import WrongValueError, wrong
from watchdog.config.forms import Expect
from watchdog.config.parsed import integer, spelled

_LOWEST, _HIGHEST = 100, 599
_STATUS_WANTED = "a status code such as 200; keys of a JSON answer go under json"


def status(value: object) -> int:
    """The status code of an answer. In a health check's `expect` the word is a JSON key, so the message tells."""
    try:
        return integer(value, _LOWEST, _HIGHEST)
    except WrongValueError:
        raise wrong(value, _STATUS_WANTED) from None


Status = Annotated[
    int,
    PlainValidator(status),
    WithJsonSchema(
        spelled("[1-5][0-9]{2}", _STATUS_WANTED, bare={"type": "integer", "minimum": _LOWEST, "maximum": _HIGHEST})
    ),
]


class JsonKeys(Expect):
    """Keys of a JSON object with their values; the status code has a key of its own beside them."""

    WANTED: ClassVar[str] = "JSON keys with their values such as {status: UP}"

    @classmethod
    def parse(cls, value: object) -> Self:
        """A mapping; true, false and numbers are what they look like."""
        if not isinstance(value, dict) or not value:
            raise wrong(value, cls.WANTED)
        return super().parse(value)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: Any) -> dict[str, Any]:
        """Any object that is not empty."""
        return {"type": "object", "minProperties": 1, "description": "JSON keys with their values."}
