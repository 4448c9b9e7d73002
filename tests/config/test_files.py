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


def test_keys_are_not_filled_in(tmp_path: Path) -> None:
    """A name is what it is."""
    assert {"$a": "x"} == plain(read(written(tmp_path, main="variables: {a: x}\n$a: $a\n")).tree)


def test_mistakes_of_all_files_are_collected(tmp_path: Path) -> None:
    """One unreadable include does not hide the other, nor an unknown variable."""
    path = written(tmp_path, main="include: [a.yml, b.yml]\nx: $y\n", a="x: 1\nx: 2\n", b="x: [\n")

    assert [("a.yml", 2), ("b.yml", 2), ("main.yml", 2)] == [
        (Path(problem.file).name, problem.line) for problem in read(path).problems
    ]
