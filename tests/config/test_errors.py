from watchdog.config.errors import ConfigError, Problem, found, shown, unknown


def problem(file: str = "a.yml", line: int = 1, key: str = "k", message: str = "m") -> Problem:
    return Problem(file=file, line=line, key=key, message=message)


def test_errors_are_sorted_by_file_and_line_and_said_once() -> None:
    """Line 9 stands before line 10, and a repetition is dropped."""
    error = ConfigError([problem(line=10), problem(file="b.yml"), problem(line=9), problem(line=10)])

    assert "a.yml:9: k: m\na.yml:10: k: m\nb.yml:1: k: m\n3 errors; nothing was loaded." == str(error)


def test_a_problem_without_line_or_key_leaves_them_out() -> None:
    """What is not known is not printed as nothing."""
    assert "a.yml: m" == str(problem(line=0, key=""))


def test_errors_have_a_form_for_machines() -> None:
    """Every field by its name."""
    expected = {"errors": [{"file": "a.yml", "line": 1, "key": "k", "message": "m"}]}

    assert expected == ConfigError([problem()]).as_json()


def test_long_values_are_cut() -> None:
    """A message shows at most 60 characters of what was found."""
    assert f'"{"x" * 57}..."' == shown("x" * 100)
    assert f'"{"x" * 60}"' == shown("x" * 60)


def test_values_without_text_are_described() -> None:
    """A mapping and a list are named, never printed."""
    assert ["nothing", "a list", "keys and values"] == [shown(None), shown(["secret"]), shown({"a": "secret"})]


def test_the_usual_wording() -> None:
    """What was found, what would be right."""
    assert 'found "5", wanted 5%' == found("5", "5%")


def test_a_near_name_is_offered_and_a_far_one_lists_all() -> None:
    """One letter off is a slip; otherwise the operator sees what there is."""
    assert '"helth" is not a rule; did you mean "health"?' == unknown("helth", "a rule", ["errors", "health"])
    assert '"cpu" is not a rule; wanted one of: errors, health' == unknown("cpu", "a rule", ["errors", "health"])
    assert '"cpu" is not a rule; there is none' == unknown("cpu", "a rule", [])
