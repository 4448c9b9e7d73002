from typing import TYPE_CHECKING

from watchdog.config.tree import Origin, parse, plain
from watchdog.config.variables import Filling, Variable, given

if TYPE_CHECKING:
    from watchdog.config.errors import Problem


def filled(text: str, **values: str | None) -> tuple[object, Filling, list[str]]:
    tree, _ = parse(text, "f")
    problems: list[Problem] = []
    variables = {name: Variable(text=value, origin=Origin("g", 9)) for name, value in values.items()}
    filling = Filling(variables, problems)
    filling.fill(tree)
    return plain(tree), filling, [str(problem) for problem in problems]


def test_a_variable_is_filled_in_in_values_and_names() -> None:
    """In lists too; `$$` is a dollar sign, `$colour` stays for later."""
    values, _, problems = filled("$a-x: {y: [$a, '${a}b', $$a, $colour]}\n", a="red")

    assert ({"red-x": {"y": ["red", "redb", "$a", "$colour"]}}, []) == (values, problems)


def test_a_variable_is_filled_in_once() -> None:
    """Its own text is taken as it is."""
    assert {"x": "$b"} == filled("x: $a\n", a="$b", b="red")[0]


def test_what_cannot_be_filled_in_is_said() -> None:
    """A lone dollar sign and an unknown name, each at its place."""
    assert [
        'f:1: x: found a lone "$" in "5$", wanted $$ for a dollar sign or $NAME for a variable',
        'f:2: y[1]: "$windw" is not a variable; did you mean "$window"?',
        'f:3: $b: "$b" is not a variable; wanted one of: $window, $colour',
    ] == filled("x: 5$\ny: [$windw]\n$b: 1\n", window="1m")[2]


def test_names_that_become_the_same_are_refused() -> None:
    """The later one would win in silence."""
    values, _, problems = filled("$a: 1\n$b: 2\n", a="x", b="x")

    assert ["f:2: x: is given twice, first in line 1; wanted it once"] == problems
    assert {"x": "2"} == values


def test_a_text_says_what_it_was_made_of() -> None:
    """By its place, a name under the name that it became."""
    filling = filled("a: '> $limit'\n$name: 1\n", limit="2s", name="app")[1]

    assert {("f", 1, "a"): '$limit is "2s" (g:9)', ("f", 2, "app"): '$name is "app" (g:9)'} == filling.notes


def test_a_variable_without_a_text_stays_and_is_known() -> None:
    """So that what follows from it is not told as well."""
    values, filling, problems = filled("a: $limit\nb: $unknown\nc: $colour\n", limit=None)

    assert ({"a": "$limit", "b": "$unknown", "c": "$colour"}, 1) == (values, len(problems))
    assert [("f", 1, "a"), ("f", 2, "b")] == filling.unfilled


def test_variables_are_read_with_their_places() -> None:
    """A name alone is a variable that others must give."""
    tree, _ = parse("a: 1m\nb:\n", "f")
    problems: list[Problem] = []

    assert {"a": Variable(text="1m", origin=Origin("f", 1)), "b": Variable(text=None, origin=Origin("f", 2))} == given(
        tree, "variables", problems
    )
    assert [] == problems


def test_other_variables_are_refused() -> None:
    """A name must be one, `colour` is taken, and a variable stands for a text."""
    tree, _ = parse("a-b: 1\ncolour: red\nc: [1]\n", "f")
    problems: list[Problem] = []

    assert {} == given(tree, "variables", problems)
    assert ["variables.a-b", "variables.colour", "variables.c"] == [problem.key for problem in problems]
    assert {} == given(tree.entries["c"].value, "with", problems)
    assert "f:3: with: wanted names with their texts, such as {window: 1m}" == str(problems[-1])
