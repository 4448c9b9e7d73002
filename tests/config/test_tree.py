from watchdog.config.errors import NOTHING
from watchdog.config.tree import Listing, Mapping, Origin, Scalar, child, locate, merge, names, parse, plain, scalars


def tree(text: str, file: str = "a.yml") -> Mapping:
    parsed, problems = parse(text, file)
    assert [] == problems
    return parsed


def test_scalars_stay_text() -> None:
    """YAML 1.1 would make booleans, an octal number, a duration in seconds and a date of these."""
    parsed = tree("a: yes\nb: on\nc: 010\nd: 1:30\ne: 2024-01-01\nf: 5%\ng: 0.5\n")

    assert {"a": "yes", "b": "on", "c": "010", "d": "1:30", "e": "2024-01-01", "f": "5%", "g": "0.5"} == plain(parsed)


def test_a_key_without_a_value_is_nothing_and_quotes_make_a_text() -> None:
    """`~` and `null` are nothing too, unless they are quoted."""
    assert [NOTHING, NOTHING, NOTHING, "", "null"] == list(
        plain(tree("a:\nb: ~\nc: null\nd: ''\ne: 'null'\n")).values()
    )


def test_every_value_knows_its_line() -> None:
    """Also in lists and in maps on one line."""
    parsed = tree("a:\n  - x\n  - {b: 1,\n     c: 2}\n")

    assert "a.yml:4" == str(locate(parsed, ("a", 1, "c")).origin)
    assert "a[2].c" == locate(parsed, ("a", 1, "c")).key


def test_a_place_that_was_not_written_is_the_nearest_above() -> None:
    """The line is where the missing key belongs, the path ends where the file does."""
    spot = locate(tree("x: 1\na:\n  b: {c: 1}\n"), ("a", "b", "d", "e"), missing="e")

    assert ("a.yml:3", "a.b.e") == (str(spot.origin), spot.key)


def test_maps_merge_by_key_and_lists_replace() -> None:
    """The file that includes wins; what it does not name stays."""
    under, over = tree("m: {a: 1, b: {c: 1, d: 2}}\nl: [1, 2]\n"), tree("m: {b: {c: 9}, e: 5}\nl: [3]\n", "b.yml")

    assert {"m": {"a": "1", "b": {"c": "9", "d": "2"}, "e": "5"}, "l": ["3"]} == plain(merge(under, over))


def test_merged_values_keep_their_origin() -> None:
    """A value of the included file is still of that file."""
    merged = merge(tree("m: {a: 1,\n b: 2}\n"), tree("\nm: {a: 3}\n", "b.yml"))
    assert isinstance(merged, Mapping)

    assert ["b.yml:2", "a.yml:2"] == [str(locate(merged, ("m", key)).origin) for key in ("a", "b")]


def test_merging_changes_neither_tree() -> None:
    """The same file may be included twice."""
    under, over = tree("m: {a: 1}\n"), tree("m: {b: 2}\n")
    merge(under, over)

    assert ({"m": {"a": "1"}}, {"m": {"b": "2"}}) == (plain(under), plain(over))


def test_aliases_stand_for_their_value() -> None:
    """Each place of an alias is a value of its own."""
    parsed = tree("a: &x {k: 1}\nb: *x\n")

    assert {"a": {"k": "1"}, "b": {"k": "1"}} == plain(parsed)
    assert child(parsed, "a") is not child(parsed, "b")


def test_aliases_cannot_make_a_short_file_endless() -> None:
    """Ten lists of ten aliases each would be ten thousand million values."""
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 11)]
    _, problems = parse("\n".join(lines), "a.yml")

    assert ["holds more than 100000 values"] == [problem.message for problem in problems]


def test_deep_nesting_is_refused() -> None:
    """libyaml's composer would end the process on it."""
    _, problems = parse("\na: " + "[" * 100_000, "a.yml")

    assert ["a.yml:2: is nested too deeply; wanted keys as in the documentation"] == [str(p) for p in problems]


def test_deep_nesting_by_aliases_is_refused() -> None:
    """It does not end in a traceback."""
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 60)]
    _, problems = parse("\n".join(lines), "a.yml")

    assert {"is nested too deeply; wanted keys as in the documentation"} == {p.message for p in problems}


def test_looking_for_what_is_not_there_finds_nothing() -> None:
    """In whatever kind of value."""
    parsed = tree("a: [1]\n")

    assert [None, None, None] == [child(parsed, "b"), child(child(parsed, "a"), 1), child(None, "a")]
    assert [] == names(child(parsed, "a"))


def test_all_texts_come_with_their_path() -> None:
    """For what must look at every value."""
    origin = Origin("f", 1)
    node = Listing([Scalar("x", origin)], origin)

    assert ["[1]"] == [key for key, _ in scalars(node)]
    assert ["a", "b[1].c"] == [key for key, _ in scalars(tree("a: 1\nb: [{c: 2}]\n"))]
