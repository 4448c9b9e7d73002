from watchdog.config.places import at, inside, kinds_written, named, text_of
from watchdog.config.tree import parse

TREE, _ = parse(
    "sources:\n  edge: {access_log: {}}\n  web: {access_lg: {}}\n  x: 5\n"
    "rules:\n  errors: {on_fire: observe}\nplans: 3\n",
    "f",
)


def test_the_deepest_place_that_was_written_is_named() -> None:
    """With the readable key."""
    assert "f:6: rules.errors: m" == str(at(TREE, ("rules", "errors", "probe", "fall"), "m"))


def test_what_lies_at_a_place_is_found() -> None:
    """Or nothing, also below a text."""
    assert "observe" == text_of(inside(TREE, ("rules", "errors", "on_fire")))
    assert [None, None] == [text_of(inside(TREE, path)) for path in (("rules",), ("rules", "errors", "on_fire", "x"))]


def test_a_name_is_looked_up_in_its_section() -> None:
    """A section of another form has its own message."""
    assert ['"error" is not a rule; did you mean "errors"?'] == list(named(TREE, "rules", "error", "a rule"))
    assert ['"a" is not a contact; there is none'] == list(named(TREE, "contacts", "a", "a contact"))
    assert [] == [*named(TREE, "rules", "errors", "a rule"), *named(TREE, "rules", None, "a rule")]
    assert [] == list(named(TREE, "plans", "canary", "a plan"))


def test_the_kind_of_a_source_is_known_by_its_key() -> None:
    """Empty where no kind of that name exists."""
    assert {"edge": "access_log", "web": "", "x": ""} == kinds_written(TREE)
