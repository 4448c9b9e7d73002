import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from simulations.lab.app import App, BadOrderError
from simulations.lab.apps import AppProcess
from simulations.lab.processes import LabError, accepts, wait_until


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppProcess]:
    with AppProcess.start("green", tmp_path_factory.mktemp("app"), release="4.2.0", seed=5) as running:
        yield running


@pytest.fixture
def green(process: AppProcess) -> AppProcess:
    if not process.child.running:
        process.restart(release="4.2.0")
    process.fault(clear=True)
    return process


def get(app: AppProcess, path: str, **options: Any) -> httpx.Response:
    return httpx.get(app.url + path, trust_env=False, **options)


def statuses(app: AppProcess, path: str, count: int) -> Counter[int]:
    with httpx.Client(trust_env=False) as client:
        return Counter(client.get(app.url + path).status_code for _ in range(count))


def test_every_path_says_who_answered(green: AppProcess) -> None:
    """The answer and its header carry the colour, the answer also release and route."""
    answer = get(green, "/app/labs?x=1")

    assert (200, "green") == (answer.status_code, answer.headers["x-colour"])
    assert {"colour": "green", "release": "4.2.0", "route": "/app/labs"} == answer.json()


def test_a_share_of_requests_fails(green: AppProcess) -> None:
    """`error_rate` is a share of the requests, `status` how they fail."""
    green.fault(error_rate=0.3, status=502)

    counts = statuses(green, "/", 300)

    assert {200, 502} == set(counts)
    assert 50 < counts[502] < 130


def test_a_fault_can_be_for_one_route(green: AppProcess) -> None:
    """The longest prefix that matches decides."""
    green.fault(error_rate=1.0, route="/labs")
    green.fault(error_rate=0.0, route="/labs/fine")

    assert [200, 500, 200] == [get(green, path).status_code for path in ("/", "/labs/1", "/labs/fine/1")]


def test_health_can_be_down(green: AppProcess) -> None:
    """UP by default, 503 and DOWN on order, also by one component."""
    assert (200, "UP") == (get(green, "/health").status_code, get(green, "/actuator/health").json()["status"])

    green.fault(health="down")
    assert (503, "DOWN") == (get(green, "/health").status_code, get(green, "/health").json()["status"])

    green.fault(health="up", components={"db": "DOWN"})
    answer = get(green, "/health")
    assert (503, {"db": {"status": "DOWN"}}) == (answer.status_code, answer.json()["components"])


@pytest.mark.parametrize(
    ("order", "path"), [({"hang": True}, "/"), ({"latency": 5.0}, "/"), ({"health": "slow"}, "/health")]
)
def test_answers_can_be_late(green: AppProcess, order: dict[str, Any], path: str) -> None:
    """Hanging, slow and slow health answer nothing in time; what is not named goes on."""
    green.fault(**order)

    with pytest.raises(httpx.ReadTimeout):
        get(green, path, timeout=0.2)
    assert 200 == get(green, "/metrics").status_code


def test_a_crash_leaves_a_port_that_refuses_and_can_be_restarted(green: AppProcess) -> None:
    """After a crash nothing listens; after a restart another release does."""
    injected_at = green.crash()

    assert injected_at > 0
    assert not accepts(green.port)

    green.restart(release="4.2.1")
    assert "4.2.1" == get(green, "/").json()["release"]
    green.restart(release="4.2.0")


def test_a_senseless_order_is_refused_and_changes_nothing(green: AppProcess) -> None:
    """The error says what was found and what would be right."""
    for order, words in (
        ({"eror_rate": 1.0}, "unknown eror_rate"),
        ({"error_rate": 30}, "fraction between 0 and 1"),
        ({"database": -1}, "database: found -1, wanted a fraction"),
        ({"health": "ill"}, "up, down, slow"),
        ({"hold": -1}, "from 0 to 4096"),
        ({"burn": "much"}, "from 0 to 64"),
    ):
        with pytest.raises(LabError, match=words):
            green.fault(**order)

    assert 200 == get(green, "/").status_code
    assert 400 == httpx.post(green.url + "/fault", content=b"{", trust_env=False).status_code


def test_metrics_count_what_was_answered(tmp_path: Path) -> None:
    """Requests by status and a cumulative histogram, as Prometheus reads them."""
    with AppProcess.start("blue", tmp_path) as blue:
        get(blue, "/")
        blue.fault(error_rate=1.0)
        get(blue, "/")
        get(blue, "/health")
        lines = get(blue, "/metrics").text.splitlines()

    assert 'http_requests_total{color="blue",status="200"} 1' in lines
    assert 'http_requests_total{color="blue",status="500"} 1' in lines
    assert 'http_request_duration_seconds_bucket{color="blue",le="+Inf"} 2' in lines
    assert 'http_request_duration_seconds_count{color="blue"} 2' in lines


def test_a_pool_without_connections_is_counted_and_nothing_else(green: AppProcess) -> None:
    """Requests are answered as before; both ways to look at the application's counters show it."""
    before = gauge(green, "db_connection_errors_total")
    green.fault(database=1.0)

    assert {200: 7} == statuses(green, "/", 7)
    assert 7 == gauge(green, "db_connection_errors_total") - before
    assert before + 7 == measured(green, "hikaricp.connections.timeout")["COUNT"]


def test_the_actuator_shows_meters_from_their_first_event_on(tmp_path: Path) -> None:
    """A 404 without a body before; then counts by tag, their sum without one, and the largest duration."""
    with AppProcess.start("blue", tmp_path) as blue:
        get(blue, "/")
        missing = get(blue, "/actuator/metrics/http.server.requests?tag=outcome:SERVER_ERROR")
        blue.fault(error_rate=1.0, latency=0.2)
        get(blue, "/")

        assert (404, "") == (missing.status_code, missing.text)
        assert 1 == measured(blue, "http.server.requests", "outcome:SERVER_ERROR")["COUNT"]
        both = measured(blue, "http.server.requests")
        assert 2 == both["COUNT"]
        assert 0.2 <= both["MAX"] <= both["TOTAL_TIME"]
        assert {"jvm.memory.used", "process.cpu.usage"} < set(get(blue, "/actuator/metrics").json()["names"])


def measured(app: AppProcess, name: str, tag: str = "") -> dict[str, float]:
    page = get(app, f"/actuator/metrics/{name}" + (f"?tag={tag}" if tag else "")).json()
    return {each["statistic"]: each["value"] for each in page["measurements"]}


def gauge(app: AppProcess, name: str) -> float:
    lines = get(app, "/metrics").text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f'{name}{{color="{app.colour}"}}'))


def test_memory_is_held_and_given_back(green: AppProcess) -> None:
    """What is ordered is resident at once, and gone when the fault is cleared."""
    before = gauge(green, "process_resident_memory_bytes")
    green.fault(hold=64)
    held = gauge(green, "process_resident_memory_bytes")
    green.fault(clear=True)

    assert 60 * 2**20 < held - before
    assert 60 * 2**20 < held - gauge(green, "process_resident_memory_bytes")


def test_memory_leaks_by_the_second(green: AppProcess) -> None:
    """It grows while the order stands, stays when it ends, and goes when it is cleared."""
    green.fault(leak=200)
    wait_until(lambda: gauge(green, "app_held_bytes") > 40 * 2**20, what="a leak", timeout=5)
    green.fault(leak=0)
    green.fault(clear=True)

    assert gauge(green, "app_held_bytes") <= 20 * 2**20  # a last drop may be on its way


def test_cores_are_kept_busy(green: AppProcess) -> None:
    """Half a core is half a second of processor time each second; the application answers meanwhile."""
    began, before = time.monotonic(), gauge(green, "process_cpu_seconds_total")
    green.fault(burn=0.5)
    wait_until(lambda: gauge(green, "process_cpu_seconds_total") - before > 0.4, what="burning", timeout=10)
    took = time.monotonic() - began

    assert 0.5 == gauge(green, "app_burned_cores")
    assert 0.0 < gauge(green, "process_cpu_usage")
    assert took > 0.5


def spins(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_burners_end_with_the_application(green: AppProcess) -> None:
    """Also when it crashes, and so cannot end them."""
    green.fault(burn=1.5)
    burners = psutil.Process(green.child.pid).children()
    green.fault(crash=True)

    assert 2 == len(burners)
    wait_until(lambda: not any(spins(each) for each in burners), what="the burners' end", timeout=5)
    green.restart(release="4.2.0")


def test_a_seed_repeats_which_requests_fail() -> None:
    """Two applications with one seed choose the same requests."""
    draws = [[App("green", "1", seed=3)._random.random() for _ in range(3)] for _ in range(2)]

    assert draws[0] == draws[1]


def test_a_wrong_order_names_all_that_is_known() -> None:
    """An order that is no object is refused."""
    with pytest.raises(BadOrderError, match="wanted an object"):
        App("green", "1").order(json.loads("[1]"))
