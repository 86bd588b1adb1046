"""Many ``.sync`` tasks that wait at the same time ask their service together, and seldom."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from msgspec.structs import replace

from stepwright.asl.signals import TaskFailed, TaskSucceeded
from stepwright.assembly.connections import ServicesOfEnvironment
from stepwright.aws.calling import ServiceAnswer
from stepwright.engine.clock import SystemClock
from stepwright.engine.ports import Reported
from stepwright.tasks.aws import looking
from stepwright.tasks.aws.integration import AwsServices
from stepwright.tasks.calls.driver import CallDriver
from tests.engine.virtual_loop import run as run_virtually
from tests.tasks.aws_calls import REF, task, use_endpoint
from tests.tasks.played_services import Played, Scene, refused

JOBS = 50
HOUR = 3600


class Batch(Played):
    """Jobs run until ``done``. Requests for ``hidden`` ones are refused, and all while ``throttles``."""

    def __init__(self) -> None:
        super().__init__()
        self.done = False
        self.throttles = False
        self.hidden = ""

    def call(self, operation: str, given: Mapping[str, Any]) -> ServiceAnswer:
        self.calls[operation].append(given)
        if operation == "SubmitJob":
            name = given["jobName"]
            return ServiceAnswer({"jobId": name, "jobArn": name, "jobName": name}, {}, 200, "r-1")
        if self.throttles:
            raise refused("TooManyRequestsException", 429)
        if self.hidden in given["jobs"]:
            raise refused("AccessDeniedException", 403)
        status = "SUCCEEDED" if self.done else "RUNNING"
        jobs = [{"jobId": name, "status": status} for name in given["jobs"]]
        return ServiceAnswer({"jobs": jobs}, {}, 200, "r-1")


async def begin(playing: Scene, count: int, *, every: float = 0.7, role: str | None = None) -> None:
    for number in range(1, count + 1):
        given: Any = {"JobName": f"j-{number}", "JobQueue": "q", "JobDefinition": "d"}
        credentials = None if role is None else {"RoleArn": f"{role}-{number}"}
        begun = replace(task("batch:submitJob.sync", given, number), credentials=credentials)
        await playing.driver.start(REF, begun, again=False)
        await asyncio.sleep(every)


def looks(services: Played) -> list[Mapping[str, Any]]:
    return services.calls["DescribeJobs"]


def test_one_request_tells_of_all_jobs() -> None:
    async def counted(count: int) -> int:
        services = Batch()
        playing = Scene(services)
        await begin(playing, count)
        await asyncio.sleep(HOUR)
        before = len(looks(services))
        services.done = True
        await asyncio.sleep(2 * looking.LONGEST_SECONDS)
        assert Counter(type(signal) for signal in playing.signals)[TaskSucceeded] == count
        last = looks(services)[before:]
        assert sorted(name for each in last for name in each["jobs"]) == sorted(
            f"j-{number}" for number in range(1, count + 1)
        )
        return before

    async def scene() -> None:
        alone, together = await counted(1), await counted(JOBS)

        assert alone < HOUR / looking.LONGEST_SECONDS + 12
        assert (
            together < alone + 2 * JOBS
        )  # while they begin one after the other, the first looks at each are its own
        assert together < JOBS * alone / 20

    run_virtually(scene)


def test_no_request_asks_for_more_than_a_service_takes() -> None:
    async def scene() -> None:
        services = Batch()
        await begin(Scene(services), 250, every=0)
        await asyncio.sleep(20)

        assert max(len(given["jobs"]) for given in looks(services)) == 100

    run_virtually(scene)


def test_jobs_of_other_callers_are_asked_for_by_themselves() -> None:
    async def scene() -> None:
        services = Batch()
        await begin(Scene(services), 3, role="arn:aws:iam::123456789012:role/r")
        await asyncio.sleep(HOUR)

        assert all(len(given["jobs"]) == 1 for given in looks(services))

    run_virtually(scene)


def test_one_that_may_not_be_looked_at_is_no_others_failure() -> None:
    async def scene() -> None:
        services = Batch()
        services.hidden = "j-2"
        playing = Scene(services)
        await begin(playing, 3, every=0)
        await asyncio.sleep(60)
        services.done = True
        await asyncio.sleep(60)

        ends = {
            signal.task: type(signal)
            for signal in playing.signals
            if isinstance(signal, TaskSucceeded | TaskFailed)
        }
        assert ends == {1: TaskSucceeded, 2: TaskFailed, 3: TaskSucceeded}

    run_virtually(scene)


def test_a_service_that_throttles_is_asked_less_by_all_of_a_caller() -> None:
    async def scene() -> None:
        services = Batch()
        playing = Scene(services)
        await begin(playing, JOBS, every=0)
        await asyncio.sleep(60)
        services.throttles = True
        before = len(looks(services))
        await asyncio.sleep(600)
        throttled = len(looks(services)) - before
        services.throttles, services.done = False, True
        await asyncio.sleep(120)

        assert throttled <= 600 / looking.SLOWEST_SECONDS + 2
        assert Counter(type(signal) for signal in playing.signals)[TaskSucceeded] == JOBS

    run_virtually(scene)


def test_jobs_that_are_asked_for_one_by_one_are_soon_known_when_their_service_is_well_again() -> None:
    class Glue(Played):
        throttles = True

        def call(self, operation: str, given: Mapping[str, Any]) -> ServiceAnswer:
            self.calls[operation].append(given)
            if operation == "StartJobRun":
                return ServiceAnswer({"JobRunId": given["JobName"]}, {}, 200, "r-1")
            if self.throttles:
                raise refused("ThrottlingException", 400)
            return ServiceAnswer(
                {"JobRun": {"Id": given["RunId"], "JobRunState": "SUCCEEDED"}}, {}, 200, "r-1"
            )

    async def scene() -> None:
        services = Glue()
        playing = Scene(services)
        for number in range(1, JOBS + 1):
            given: Any = {"JobName": f"j-{number}"}
            await playing.driver.start(REF, task("glue:startJobRun.sync", given, number), again=False)
        await asyncio.sleep(HOUR)
        throttled = len(services.calls["GetJobRun"])
        services.throttles = False
        await asyncio.sleep(150)

        assert throttled <= HOUR / looking.SLOWEST_SECONDS + 10
        assert Counter(type(signal) for signal in playing.signals)[TaskSucceeded] == JOBS

    run_virtually(scene)


@dataclass
class Server:
    """Speaks Batch's protocol. A job ends with the third request that asks for it."""

    url: str = ""
    tokens: list[str] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)

    def answer(self, path: str, given: Any) -> Any:
        self.requests[path] += 1
        if path == "/v1/submitjob":
            self.tokens.append(given["tags"]["stepwright-task"])
            return {"jobId": given["jobName"], "jobArn": "a", "jobName": given["jobName"]}
        assert path == "/v1/describejobs"
        self.asked.update(given["jobs"])
        return {
            "jobs": [
                {"jobId": one, "status": "SUCCEEDED" if self.asked[one] > 2 else "RUNNING"}
                for one in given["jobs"]
            ]
        }


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    played = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(played.answer(self.path, given)).encode()
            self.send_response_only(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    use_endpoint(monkeypatch, f"http://127.0.0.1:{listening.server_address[1]}")
    yield played
    listening.shutdown()
    listening.server_close()


async def test_fifty_jobs_end_with_a_handful_of_requests_over_http(server: Server) -> None:
    ended: dict[int, Reported] = {}
    all_ended = asyncio.Event()

    def report(_: Any, signal: Reported) -> None:
        if isinstance(signal, TaskSucceeded | TaskFailed):
            ended[signal.task] = signal
            if len(ended) == JOBS:
                all_ended.set()

    clock = SystemClock()
    driver = CallDriver(AwsServices(ServicesOfEnvironment(), clock), clock, report)
    try:
        for number in range(1, JOBS + 1):
            given: Any = {"JobName": f"j-{number}", "JobQueue": "q", "JobDefinition": "d"}
            await driver.start(REF, task("batch:submitJob.sync", given, number), again=False)
        async with asyncio.timeout(120):
            await all_ended.wait()
    finally:
        await driver.close()

    assert all(isinstance(signal, TaskSucceeded) for signal in ended.values())
    assert len(set(server.tokens)) == JOBS
    assert server.requests["/v1/submitjob"] == JOBS
    assert server.requests["/v1/describejobs"] < JOBS
    assert sum(server.asked.values()) == 3 * JOBS
