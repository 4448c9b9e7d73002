from pathlib import Path

from watchdog.config.files import Read, read
from watchdog.config.tree import locate, plain


def written(folder: Path, **files: str) -> str:
    """Write the files; the path of the first."""
    for name, text in files.items():
        path = folder / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(folder / f"{next(iter(files))}.yml")


def messages(result: Read, folder: Path) -> list[str]:
    return [str(problem).replace(f"{folder}/", "") for problem in result.problems]


def test_includes_come_first_and_in_order(tmp_path: Path) -> None:
    """A later include wins over an earlier one, the file itself over both."""
    path = written(
        tmp_path, main="include: [one.yml, two.yml]\nc: main\n", one="a: one\nb: one\nc: one\n", two="b: two\nc: two\n"
    )
    result = read(path)

    assert {"a": "one", "b": "two", "c": "main"} == plain(result.tree)
    assert ["main.yml", "one.yml", "two.yml"] == [Path(file).name for file in result.files]


def test_paths_are_relative_to_the_including_file(tmp_path: Path) -> None:
    """Not to where the daemon happens to stand."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "deep.yml").write_text("b: deep\n")
    (tmp_path / "shared" / "base.yml").write_text("include: [deep.yml]\na: base\n")
    result = read(written(tmp_path, main="include: [shared/base.yml]\n"))

    assert {"a": "base", "b": "deep"} == plain(result.tree)
    assert str(tmp_path / "shared" / "deep.yml:1") == str(locate(result.tree, ("b",)).origin)


def test_one_file_may_be_included_twice(tmp_path: Path) -> None:
    """By two files that both need it; that is no cycle."""
    path = written(
        tmp_path, main="include: [a.yml, b.yml]\n", a="include: [c.yml]\n", b="include: [c.yml]\n", c="x: 1\n"
    )
    result = read(path)

    assert ([], {"x": "1"}) == (result.problems, plain(result.tree))


def test_a_cycle_is_found_through_another_file_and_another_name(tmp_path: Path) -> None:
    """A link to the file is the file."""
    path = written(tmp_path, main="include: [a.yml]\n", a="include: [link.yml]\n")
    (tmp_path / "link.yml").symlink_to(tmp_path / "main.yml")
    (problem,) = read(path).problems

    assert "includes itself, directly or through another file" in problem.message
    assert "a.yml" == Path(problem.file).name


def test_variables_are_filled_in_everywhere(tmp_path: Path) -> None:
    """With braces or without, in included files too, and the including file's value wins."""
    path = written(
        tmp_path,
        main="include: [base.yml]\nvariables: {host: b.example}\na: [$host, '${host}:80']\n",
        base="variables: {host: a.example, port: '81'}\nb: {c: $host:$port}\n",
    )

    assert {"b": {"c": "b.example:81"}, "a": ["b.example", "b.example:80"]} == plain(read(path).tree)


def test_the_colour_stays_for_later_and_two_dollars_are_one(tmp_path: Path) -> None:
    """`$colour` is filled in per colour when the file is compiled."""
    assert {"a": "/$colour/x", "b": "5$"} == plain(read(written(tmp_path, main="a: /$colour/x\nb: 5$$\n")).tree)


def test_variables_are_filled_in_once(tmp_path: Path) -> None:
    """A variable's own text is taken as it is."""
    assert {"c": "$b"} == plain(read(written(tmp_path, main="variables: {a: $b, b: x}\nc: $a\n")).tree)


def test_names_are_filled_in_before_files_are_merged(tmp_path: Path) -> None:
    """So that a file can change one key of what an included file names by a variable."""
    path = written(
        tmp_path,
        main="include: [base.yml]\nvariables: {a: x}\nrules: {x-up: {b: 2}}\n",
        base="rules: {$a-up: {b: 1, c: 1}}\n",
    )

    assert {"rules": {"x-up": {"b": "2", "c": "1"}}} == plain(read(path).tree)


PRESET = "variables: {name: , window: 1m}\nrules: {$name-heap: {over: $window}}\n"


def test_one_file_serves_several_services(tmp_path: Path) -> None:
    """Included once for each, with its own names and values, and with its defaults for the rest."""
    path = written(
        tmp_path,
        main="include:\n- {file: preset.yml, with: {name: billing}}\n"
        "- {file: preset.yml, with: {name: labs, window: 5m}}\n",
        preset=PRESET,
    )
    result = read(path)

    assert [] == result.problems
    assert {"rules": {"billing-heap": {"over": "1m"}, "labs-heap": {"over": "5m"}}} == plain(result.tree)
    assert ["main.yml", "preset.yml"] == [Path(file).name for file in result.files]


def test_a_preset_sees_only_its_own_variables(tmp_path: Path) -> None:
    """Those of the including file neither change it nor are changed by it."""
    path = written(
        tmp_path,
        main="include: [{file: preset.yml, with: {name: a}}]\nvariables: {window: 9m, x: 1}\na: $window\n",
        preset=PRESET + "b: $x\n",
    )
    result = read(path)

    assert ['preset.yml:3: b: "$x" is not a variable; wanted one of: $name, $window, $colour'] == messages(
        result, tmp_path
    )
    assert {"rules": {"a-heap": {"over": "1m"}}, "b": "$x", "a": "9m"} == plain(result.tree)


def test_with_takes_the_variables_of_the_including_file(tmp_path: Path) -> None:
    """In its texts, with `$colour` left for later; what is passed is not filled in again."""
    path = written(
        tmp_path,
        main="include: [{file: preset.yml, with: {name: $n, window: '$colour-$n-$$n'}}]\nvariables: {n: labs}\n",
        preset=PRESET,
    )

    assert {"rules": {"labs-heap": {"over": "$colour-labs-$n"}}} == plain(read(path).tree)


def test_a_preset_may_include_others(tmp_path: Path) -> None:
    """By name alone a file shares the preset's variables, with some of its own it has its own."""
    path = written(
        tmp_path,
        main="include: [{file: outer.yml, with: {name: a}}]\n",
        outer="include: [shared.yml, {file: preset.yml, with: {name: $name-x}}]\nvariables: {name: , window: 2m}\n",
        shared="variables: {window: 3m}\nb: $name-$window\n",
        preset=PRESET,
    )

    assert {"b": "a-2m", "rules": {"a-x-heap": {"over": "1m"}}} == plain(read(path).tree)


def test_a_preset_that_includes_itself_is_found(tmp_path: Path) -> None:
    """As any other file."""
    path = written(tmp_path, main="include: [{file: main.yml, with: {}}]\n")

    assert ['main.yml:1: include: "main.yml" includes itself, directly or through another file'] == messages(
        read(path), tmp_path
    )


def test_a_preset_that_cannot_be_read_has_one_message(tmp_path: Path) -> None:
    """What was passed to it is nobody's fault."""
    path = written(tmp_path, main="include: [{file: gone.yml, with: {a: 1}}]\n")

    assert ['main.yml:1: include: "gone.yml" cannot be read: No such file or directory'] == messages(
        read(path), tmp_path
    )


def test_the_order_of_includes_holds_for_presets(tmp_path: Path) -> None:
    """A later one wins over an earlier one, the file itself over both."""
    path = written(
        tmp_path,
        main="include: [{file: p.yml, with: {v: 1}}, q.yml, {file: p.yml, with: {v: 3}}]\nd: 4\n",
        p="variables: {v: 0}\na: $v\nd: $v\n",
        q="a: 2\nb: 2\n",
    )

    assert {"a": "3", "b": "2", "d": "4"} == plain(read(path).tree)


def test_mistakes_in_a_preset_have_its_place(tmp_path: Path) -> None:
    """And where the variables of the text were given."""
    path = written(tmp_path, main="include:\n- file: preset.yml\n  with: {name: a}\n", preset=PRESET)
    result = read(path)
    spot = locate(result.tree, ("rules", "a-heap", "over"))

    assert f"{tmp_path}/preset.yml:2" == str(spot.origin)
    assert f'$window is "1m" ({tmp_path}/preset.yml:1)' == result.notes[spot.origin.file, 2, spot.key]
    assert f'$name is "a" ({tmp_path}/main.yml:3)' == result.notes[spot.origin.file, 2, "rules.a-heap"]


def test_a_variable_that_nobody_gave_is_told_once(tmp_path: Path) -> None:
    """Of a preset where it is included, of a shared file where it is named; not again for each of its uses."""
    path = written(tmp_path, main="include: [shared.yml, {file: preset.yml, with: {window: 1s}}]\n", preset=PRESET,
                   shared="variables: {url: }\na: $url\nb: $url\n")  # fmt: skip
    result = read(path)

    assert [
        "shared.yml:1: variables.url: has no text; wanted one here, or from the file that includes this one",
        "main.yml:1: include[2].with.name: is missing; preset.yml:1 wants a text for it",
    ] == messages(result, tmp_path)
    assert ["a", "b", "rules.$name-heap"] == [key for _, _, key in result.unfilled]


def test_a_variable_that_others_must_give_may_be_given_by_the_including_file(tmp_path: Path) -> None:
    """A name alone does not take away the text that it has."""
    path = written(
        tmp_path, main="include: [a.yml]\nvariables: {url: x}\n", a="include: [b.yml]\nvariables: {url: }\na: $url\n",
        b="variables: {url: z}\n",
    )  # fmt: skip

    assert ([], {"a": "x"}) == ((result := read(path)).problems, plain(result.tree))


def test_mistakes_of_all_files_are_collected(tmp_path: Path) -> None:
    """One unreadable include does not hide the other, nor an unknown variable."""
    path = written(tmp_path, main="include: [a.yml, b.yml]\nx: $y\n", a="x: 1\nx: 2\n", b="x: [\n")

    assert [("a.yml", 2), ("b.yml", 2), ("main.yml", 2)] == [
        (Path(problem.file).name, problem.line) for problem in read(path).problems
    ]
