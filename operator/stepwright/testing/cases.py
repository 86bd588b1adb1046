"""Files of tests for ``stepwright test``: which definition, which mocks, what is expected. YAML, or the same in JSON.

Reading reports everything that is wrong with a file at once, before anything runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from stepwright.asl.definition.substitutions import Value
from stepwright.asl.json_types import Json
from stepwright.asl.text import timestamps
from stepwright.files.reader import Reader, Unusable, open_file
from stepwright.mocks.answers import Script
from stepwright.testing import durations, mocking
from stepwright.testing.expectations import Expectation, TaskExpectation
from stepwright.testing.mocking import TaskError, after, in_turn, never, per_attempt
from stepwright.testing.workflow import START, InvalidWorkflow, Workflow

__all__ = ["SUFFIXES", "Case", "Unusable", "read"]

SUFFIXES: Final = (".test.yaml", ".test.yml", ".test.json")

_FILE: Final = ("definition", "stateMachine", "substitutions", "mocks", "mockConfig", "start", "tests")
_TEST: Final = ("name", "input", "mocks", "mockConfig", "start", "expect")
_EXPECT: Final = (
    "status",
    "output",
    "outputContains",
    "error",
    "cause",
    "causeContains",
    "path",
    "tasks",
    "duration",
)
_STATUSES: Final = ("SUCCEEDED", "FAILED", "TIMED_OUT", "RUNNING")
_ANSWER: Final = ("return", "error", "cause", "never", "after", "heartbeats", "times")
_MOST_TIMES: Final = 100_000


@dataclass(frozen=True, slots=True)
class Case:
    """``place``: where the test is in its file."""

    name: str
    place: str
    workflow: Workflow
    input: Json
    start: str
    expectation: Expectation


def read(file: Path, values: Mapping[str, Value] = MappingProxyType({})) -> list[Case]:
    """``values`` replace ``${Name}`` in definitions, ahead of the file's own. Raises Unusable."""
    name = str(file)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable([f"{name}: cannot be read: {error}"]) from error
    return parse(name, text, file.parent, values)


def parse(
    name: str, text: str, folder: Path, values: Mapping[str, Value] = MappingProxyType({})
) -> list[Case]:
    """``folder``: names of definitions are relative to it. Raises Unusable."""
    reader = open_file(name, text)
    cases = _File(reader, folder, values).cases()
    reader.finish()
    return cases


@dataclass(slots=True)
class _File:
    """Below, ``at`` leads to the value that is read (see ``files.reader``)."""

    reader: Reader
    folder: Path
    values: Mapping[str, Value]

    def cases(self) -> list[Case]:
        reader = self.reader
        root = reader.object(reader.document.value)
        reader.only(root, _FILE)
        for name in ("definition", "tests"):
            if name not in root:
                reader.problem(f"{name} is missing")
        workflow = self._workflow(root)
        if workflow is None:
            return []
        common, start = self._scripts(workflow, root), self._start(root, START)
        found = []
        for index, given in enumerate(reader.list(root.get("tests", []), "tests")):
            at = ("tests", str(index))
            test = reader.object(given, *at)
            reader.only(test, _TEST, *at)
            if "expect" not in test:
                reader.problem("expect is missing: what the execution should come to", *at)
            found.append(
                Case(
                    name=reader.text(test.get("name", f"test {index + 1}"), *at, "name"),
                    place=reader.place(*at),
                    workflow=workflow.with_scripts(common | self._scripts(workflow, test, *at)),
                    input=test.get("input", {}),
                    start=self._start(test, start, *at),
                    expectation=self._expectation(workflow, test.get("expect", {}), *at, "expect"),
                )
            )
        return found

    def _workflow(self, root: Mapping[str, Json]) -> Workflow | None:
        reader = self.reader
        given = root.get("definition")
        if given is None:
            return None
        name = reader.text(root["stateMachine"], "stateMachine") if "stateMachine" in root else None
        substitutions: dict[str, Value] = {}
        for key, value in reader.object(root.get("substitutions", {}), "substitutions").items():
            if isinstance(value, str | int):
                substitutions[key] = value
            else:
                reader.problem("a text, a whole number, true or false is expected", "substitutions", key)
        if not isinstance(given, dict | str):
            reader.problem("the name of a file, or a definition, is expected", "definition")
            return None
        try:
            where = given if isinstance(given, dict) else self.folder / given
            return Workflow(where, name=name, substitutions=substitutions | dict(self.values))
        except InvalidWorkflow as error:
            reader.problem(str(error), "definition")
            return None

    def _start(self, given: Mapping[str, Json], default: str, *at: str) -> str:
        if "start" not in given:
            return default
        start = given["start"]
        if isinstance(start, str) and timestamps.parse(start) is not None:
            return start
        self.reader.problem(f"a moment such as {START} is expected", *at, "start")
        return default

    # --- Mocks ---------------------------------------------------------------------------------------------------

    def _scripts(self, workflow: Workflow, given: Mapping[str, Json], *at: str) -> dict[str, Script]:
        scripts: dict[str, Script] = {}
        if "mockConfig" in given:
            scripts.update(
                self._of_aws(workflow, self.reader.text(given["mockConfig"], *at, "mockConfig"), *at)
            )
        for state, mock in self.reader.object(given.get("mocks", {}), *at, "mocks").items():
            self._require_task(workflow, state, *at, "mocks", state)
            scripts[state] = mocking.script(self._mock(mock, *at, "mocks", state))
        return scripts

    def _of_aws(self, workflow: Workflow, given: str, *at: str) -> Mapping[str, Script]:
        path, _, case = given.partition("#")
        try:
            return workflow.scripts_of(self.folder / path, case or None)
        except Unusable as error:
            self.reader.problems += error.problems
        except (OSError, UnicodeDecodeError) as error:
            self.reader.problem(f"{path} cannot be read: {error}", *at, "mockConfig")
        return {}

    def _require_task(self, workflow: Workflow, state: str, *at: str) -> None:
        if (problem := workflow.no_task(state)) is not None:
            self.reader.problem(problem, *at)

    def _mock(self, given: Json, *at: str) -> Any:
        if isinstance(given, list):
            return in_turn(*self._answers(given, *at))
        if isinstance(given, dict) and "attempts" in given:
            self.reader.only(given, ("attempts",), *at)
            return per_attempt(*self._answers(self.reader.list(given["attempts"], *at), *at, "attempts"))
        answer = self.reader.object(given, *at)
        if "times" in answer:
            self.reader.problem("times has a meaning only in a list of answers", *at, "times")
        return self._answer(answer, *at)

    def _answers(self, given: list[Json], *at: str) -> list[Any]:
        found: list[Any] = []
        for index, value in enumerate(given):
            here = (*at, str(index))
            answer = self.reader.object(value, *here)
            times = answer.get("times", 1)
            if isinstance(times, bool) or not isinstance(times, int) or not 0 < times <= _MOST_TIMES:
                self.reader.problem("times is a whole number from 1", *here, "times")
                times = 1
            found += [self._answer(answer, *here)] * times
        return found

    def _answer(self, given: Mapping[str, Json], *at: str) -> Any:
        reader = self.reader
        reader.only(given, _ANSWER, *at)
        if len(given.keys() & {"return", "error", "never"}) != 1:
            reader.problem("exactly one of return, error and never is expected", *at)
            return None
        if "cause" in given and "error" not in given:
            reader.problem("a cause belongs to an error", *at, "cause")
        waits, beats = (self._seconds(given, name, *at) for name in ("after", "heartbeats"))
        if "never" in given:
            if given["never"] is not True or "after" in given:
                reader.problem("never is true, and has no after", *at, "never")
            return never(heartbeats_every=beats)
        mock: Any = given.get("return")
        if "error" in given:
            cause = reader.text(given["cause"], *at, "cause") if "cause" in given else None
            mock = TaskError(reader.text(given["error"], *at, "error"), cause)
        return mock if waits is None and beats is None else after(waits or 0, mock, heartbeats_every=beats)

    def _seconds(self, given: Mapping[str, Json], name: str, *at: str) -> float | None:
        if name not in given:
            return None
        seconds = durations.seconds(given[name])
        if seconds is None:
            self.reader.problem("seconds, or a span such as '1 h 30 min', are expected", *at, name)
        return seconds

    # --- Expectations --------------------------------------------------------------------------------------------

    def _expectation(self, workflow: Workflow, value: Json, *at: str) -> Expectation:
        reader = self.reader
        given = reader.object(value, *at)
        reader.only(given, _EXPECT, *at)
        fails = bool(given.keys() & {"error", "cause", "causeContains"})
        status = given.get("status", None if fails else "SUCCEEDED")
        if status is not None and status not in _STATUSES:
            reader.problem(f"one of {', '.join(_STATUSES)} is expected", *at, "status")
        texts = {
            name: reader.text(given[name], *at, name)
            for name in ("error", "cause", "causeContains")
            if name in given
        }
        tasks = reader.object(given.get("tasks", {}), *at, "tasks")
        return Expectation(
            status=str(status) if status is not None else None,
            output=(given["output"],) if "output" in given else (),
            output_contains=(given["outputContains"],) if "outputContains" in given else (),
            error=texts.get("error"),
            cause=texts.get("cause"),
            cause_contains=texts.get("causeContains"),
            path=self._path(given["path"], *at, "path") if "path" in given else None,
            tasks={
                state: self._task(workflow, task, state, *at, "tasks", state) for state, task in tasks.items()
            },
            seconds=self._seconds(given, "duration", *at),
        )

    def _path(self, value: Json, *at: str) -> list[Any]:
        for index, entry in enumerate(self.reader.list(value, *at)):
            here = (*at, str(index))
            if isinstance(entry, str):
                continue
            if not isinstance(entry, dict) or len(entry) != 1:
                self.reader.problem(
                    "a state's name is expected, or one name with the paths of its branches", *here
                )
                continue
            ((name, branches),) = entry.items()
            for number, branch in enumerate(self.reader.list(branches, *here, name)):
                self._path(branch, *here, name, str(number))
        return value if isinstance(value, list) else []

    def _task(self, workflow: Workflow, value: Json, state: str, *at: str) -> TaskExpectation:
        reader = self.reader
        self._require_task(workflow, state, *at)
        given = reader.object(value, *at)
        reader.only(given, ("calls", "input", "inputs"), *at)
        calls = given.get("calls")
        if calls is not None and (isinstance(calls, bool) or not isinstance(calls, int) or calls < 0):
            reader.problem("calls is a whole number", *at, "calls")
            calls = None
        inputs = reader.list(given["inputs"], *at, "inputs") if "inputs" in given else None
        return TaskExpectation(calls, (given["input"],) if "input" in given else (), inputs)
