import pytest

from watchdog.config.errors import WrongValueError
from watchdog.config.postgres_forms import Dsn, Sql


@pytest.mark.parametrize(
    ("written", "spelt"),
    [
        ("host=db dbname=app user=watchdog", "host=db dbname=app user=watchdog"),
        ("host = '/run/postgresql'  dbname='my app' user=w", "host=/run/postgresql dbname='my app' user=w"),
        (r"host=db user=w dbname='it\'s'", r"host=db user=w dbname='it\'s'"),
        ("hostaddr=10.0.0.1 dbname=app user=w port=5432,5433", "hostaddr=10.0.0.1 dbname=app user=w port=5432,5433"),
        ("host=$colour-db dbname=app user=w", "host=$colour-db dbname=app user=w"),
    ],
)
def test_a_place_has_one_spelling(written: str, spelt: str) -> None:
    """Which reads back as the same."""
    dsn = Dsn.parse(written)

    assert spelt == str(dsn)
    assert dsn == Dsn.parse(spelt)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("host=db dbname=app user=w password=marker", "holds password: a password does not belong there"),
        ("host=db dbname=app user=w passfile=/x", "wanted passfile: /PATH beside dsn"),
        ("postgresql://w:marker@db/app", "is an address"),
        ("host=db dbname=app user=w marker", "is not made of KEYWORD=VALUE"),
        ("host=db dbname='app user=w", "is not made of KEYWORD=VALUE"),
        ("host=db user=w", "has no dbname"),
        ("host=db dbname=app", "has no user"),
        ("dbname=app user=w", "has no host"),
        ("host=db dbname=app user=w user=w", "holds user twice"),
        ("host=db dbname=app usr=w", 'did you mean "user"'),
        ("host=db dbname=app user=w port=99999", "has a port that is none"),
        ("host=db dbname=app user=w sslmode=on", "is not an sslmode"),
        ("host=db dbname=app user=w sslmode=verify-full", "without sslrootcert"),
        ("host=db dbname=app user=w service=x", "holds service"),
        ("host=db dbname=app user=w options=-cx=1", "holds options"),
        (["host=db"], "found a list"),
    ],
)
def test_a_wrong_place_is_refused_without_a_secret(written: object, said: str) -> None:
    """No message repeats a text that may be one."""
    with pytest.raises(WrongValueError) as refused:
        Dsn.parse(written)

    assert said in str(refused.value)
    assert "marker" not in str(refused.value)


@pytest.mark.parametrize(
    "written",
    [
        "select count(*) from jobs where state = 'delete; me' -- insert\n;",
        "with old as (select 1) select count(*) from old",
        "SELECT max(last_update) FROM t /* update */",
        "table totals",
        'select "delete" from t',
        "select $x$ drop; $x$::text",
    ],
)
def test_a_query_that_reads_is_taken(written: str) -> None:
    """Words in quotes and comments are none; the last semicolon goes."""
    assert not Sql.parse(written).text.endswith(";")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("delete from jobs", "begins with delete"),
        ("with gone as (delete from jobs returning 1) select count(*) from gone", 'holds "delete"'),
        ("select 1 into copy", 'holds "into"'),
        ("select * from jobs for update", 'holds "update"'),
        ("select nextval('ids')", 'holds "nextval"'),
        ("select 1; drop table jobs", "several statements"),
        ("/* nothing */", "begins with no word"),
        ("", "wanted one query"),
        (["select 1"], "wanted one query"),
    ],
)
def test_a_query_that_changes_something_is_refused(written: object, said: str) -> None:
    """As far as its words show."""
    with pytest.raises(WrongValueError) as refused:
        Sql.parse(written)

    assert said in str(refused.value)
