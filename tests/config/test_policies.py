import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.config.errors import WrongValueError
from watchdog.config.policies import LONGEST, Policy
from watchdog.core.settings import AnyOf


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("any", Policy()),
        ("all", Policy(all_=True)),
        ("a", Policy(rules=("a",))),
        ("2 of [a, b, c]", Policy(2, ("a", "b", "c"))),
        ("a or b", Policy(rules=("a", "b"))),
        ("a and b", Policy(rules=("a", "b"), all_=True)),
        ("a and (b or lab-results)", Policy(rules=("a",), all_=True, parts=(Policy(rules=("b", "lab-results")),))),
        ("2 of [a, b, c and d]", Policy(2, ("a", "b"), parts=(Policy(rules=("c", "d"), all_=True),))),
        ("a or 2 of [b, c, d]", Policy(rules=("a",), parts=(Policy(2, ("b", "c", "d")),))),
        ("(a and b) or (c and d)", Policy(
            parts=(Policy(rules=("a", "b"), all_=True), Policy(rules=("c", "d"), all_=True)))),
        ("if or class", Policy(rules=("if", "class"))),
    ],
)  # fmt: skip
def test_policies_read_and_print_alike(text: str, policy: Policy) -> None:
    """Also with names that Python keeps for itself."""
    assert policy == Policy.parse(text)
    assert text == str(policy)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("  a   and\n b", "a and b"),
        ("(b or c) and a", "a and (b or c)"),
        ("1 of [a, b]", "a or b"),
        ("((a))", "a"),
        ("a or b and c", "a or (b and c)"),
        ("a and b and c", "a and b and c"),
        ("2 of[a,b,]", "2 of [a, b]"),
    ],
)
def test_one_policy_has_one_spelling(text: str, canonical: str) -> None:
    """Rules come before what is in brackets; `and` binds more tightly than `or`."""
    assert canonical == str(Policy.parse(text))


def test_a_policy_knows_its_rules_and_its_value_for_the_core() -> None:
    """Through every bracket."""
    policy = Policy.parse("a and (b or 2 of [c, d])")

    assert ["a", "b", "c", "d"] == list(policy.names)
    assert (
        AnyOf(
            rules=("a",),
            all_=True,
            parts=(AnyOf(rules=("b",), parts=(AnyOf(at_least=2, rules=("c", "d")),)),),
        )
        == policy.condition
    )


@pytest.mark.parametrize(
    "bad", ["", "some thing", "2 of a", "a, b", "a(b)", "2", "2of [a]", "A", "a--b", "[a]", None, []]
)
def test_what_is_no_policy_is_refused_with_both_forms(bad: object) -> None:
    """The message shows what is available."""
    with pytest.raises(WrongValueError, match=r'wanted any, all, or rules such as "2 of \[errors, slow, health\]"'):
        Policy.parse(bad)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("a or or b", "or b"),
        ("a and (b or c", "(b or c"),
        ("a & b", "& b"),
        ("a b", "b"),
        ("a and b) or c", ") or c"),
        ("a and b_c", "_c"),
        ("a and -b", "-b"),
    ],
)
def test_a_slip_is_found_by_its_place(text: str, rest: str) -> None:
    """The message repeats the expression from there on."""
    with pytest.raises(WrongValueError) as raised:
        Policy.parse(text)

    assert str(raised.value).startswith(f'found "{text}", not understood from "{rest}" on; wanted')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not a", 'found "not a": a rule that does not fire is no reason to roll back; wanted and, or, of'),
        ("0 of [a]", 'found "0 of [a]": wanted a number from 1 to 1'),
        ("a or 3 of [b, c]", 'found "3 of [b, c]" in "a or 3 of [b, c]": wanted a number from 1 to 2'),
        ("2 of []", 'found "2 of []": wanted rules'),
        ("a or lab-x and lab-x", (
            'found "lab-x and lab-x" in "a or lab-x and lab-x": names "lab-x" twice; wanted each rule once')),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_said_of_its_part(text: str, message: str) -> None:
    """In the operator's own spelling."""
    with pytest.raises(WrongValueError) as raised:
        Policy.parse(text)

    assert message == str(raised.value)


@pytest.mark.parametrize("text", ["(" * 400, "not " * 250, "a or " * 190 + "a-b", "1 of [" * 60])
def test_a_wild_expression_is_no_crash(text: str) -> None:
    """Python's parser has limits of its own."""
    with pytest.raises(WrongValueError):
        Policy.parse(text)


def test_an_expression_has_a_length() -> None:
    """Nobody reads more."""
    assert 100 == len(Policy.parse(" or ".join(f"r{n}" for n in range(100))).rules)
    with pytest.raises(WrongValueError, match=f"at most {LONGEST} characters"):
        Policy.parse(" or ".join(f"r{n}" for n in range(200)))


names = st.sampled_from(["a", "b", "lab-results", "of-a", "in", "x1"])
expressions = st.recursive(
    names,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' or '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' and '.join(parts)})"),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"1 of [{', '.join(parts)}]"),
    ),
    max_leaves=6,
)


@given(expressions)
def test_the_canonical_spelling_means_the_same(text: str) -> None:
    """It reads back to the same policy."""
    try:
        policy = Policy.parse(text)
    except WrongValueError as error:
        assert "twice" in str(error)  # noqa: PT017 (other expressions of this grammar are right)
        return

    assert policy == Policy.parse(str(policy))
