"""A definition under test: its mocks, and executions of it in virtual time."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from stepwright.asl.checkpoint.checkpoint import Identity
from stepwright.asl.definition.substitutions import InvalidSubstitution, Value, value_text
from stepwright.asl.diagnostics import InvalidDefinition
from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.machine import Machine
from stepwright.asl.signals import Millis
from stepwright.asl.step import StartTask
from stepwright.asl.text import jsontext, timestamps
from stepwright.catalog.arns import Place
from stepwright.files.checked import Checked
from stepwright.files.definitions import check_text
from stepwright.files.reader import hint
from stepwright.mocks import config_file, map_tasks, names
from stepwright.mocks.answers import Answer, NoAnswer, Script
from stepwright.testing import mocking, result
from stepwright.testing.play import Play
from stepwright.testing.result import Call, Result

START: Final = "2024-01-01T00:00:00Z"
"""When executions begin by default: always the same, so that outputs are reproducible."""

_PLACE: Final = Place("123456789012", "us-east-1")
_UID: Final = "00000000-0000-4000-8000-000000000000"


class InvalidWorkflow(Exception):  # noqa: N818 - about the user's file
    """A definition that cannot be read or is not valid. Its text lists everything, with lines."""


class UnmockedTask(AssertionError):  # noqa: N818 - a finding of a test
    """A task was called for which the test has no mock, or no answer any more. ``result``: the execution so far."""

    result: Result | None = None


class Workflow:
    """Made once, run as often as a test likes: the definition is compiled only once, and mocks stay."""

    def __init__(
        self,
        definition: str | Path | Mapping[str, Any],
        *,
        name: str | None = None,
        substitutions: Mapping[str, Value] | None = None,
    ) -> None:
        """``definition``: a file (a definition or a StateMachine manifest, JSON or YAML), or the definition
        itself as an object or as JSON text. ``name`` chooses one of several state machines of a file.
        ``substitutions`` replace ``${Name}`` in a definition, as in AWS SAM, ahead of a manifest's or
        template's own. Raises InvalidWorkflow."""
        try:
            given = tuple(
                sorted((key, value_text(key, value)) for key, value in (substitutions or {}).items())
            )
        except InvalidSubstitution as error:
            raise InvalidWorkflow(str(error)) from error
        found_name, self._machine = _compiled(*_text(definition), name, given)
        self._own_name = name or found_name
        self.name = self._own_name or "workflow"
        self._tasks = names.of_machine(self._machine)
        self._scripts: dict[str, Script] = {}
        self._after_run: Callable[[Result], None] | None = None

    @property
    def tasks(self) -> dict[str, str]:
        """What can be mocked, with its Resource: Task states by name; of a distributed Map ``Each/ItemReader`` and
        ``Each/ResultWriter``."""
        return {name: task.named for name, task in self._tasks.items()}

    def mock(self, state: str, mock: Any = None) -> Workflow:
        """From now on ``mock`` stands for the work of this Task state: a JSON value (its result), an exception (its
        failure), a function of its input that returns or raises either, or one of ``after``, ``never``, ``in_turn``
        and ``per_attempt``. For ``Each/ItemReader`` it gives a list of items or the text of a file, for
        ``Each/ResultWriter`` nothing or ResultWriterDetails."""
        self.script(state, mocking.script(mock))
        return self

    def mock_file(self, file: str | Path, case: str | None = None, *, name: str | None = None) -> Workflow:
        """Mocks from a file in the format of AWS Step Functions Local: those of this test case, which may be left out
        if there is only one. ``name``: what the file calls the state machine, where not by its name. Raises
        stepwright.files.reader.Unusable."""
        self._scripts.update(self.scripts_of(file, case, name=name))
        return self

    def scripts_of(
        self, file: str | Path, case: str | None = None, *, name: str | None = None
    ) -> dict[str, Script]:
        """What ``mock_file`` would mock."""
        read = config_file.read(str(file), Path(file).read_text(encoding="utf-8"))
        return config_file.select(read, self._machine, name or self._own_name, case)

    def script(self, state: str, script: Script) -> None:
        """The same as ``mock`` with a ready script."""
        if (problem := self.no_task(state)) is not None:
            raise LookupError(problem)
        self._scripts[state] = script

    def no_task(self, state: str) -> str | None:
        """Why there is nothing to mock by this name; None if there is."""
        if state in self._tasks:
            return None
        said = hint(state, self._tasks) or f": it has {', '.join(self._tasks) or 'none'}"
        return f"{state!r} is not a Task state of {self.name}{said}"

    def with_scripts(self, scripts: Mapping[str, Script]) -> Workflow:
        """The same definition with only these scripts."""
        other = copy.copy(self)
        other._scripts = dict(scripts)  # noqa: SLF001 - one of its own kind
        return other

    def run(
        self, input: Json = None, *, start: str | datetime = START, name: str = "test", seed: int = 0
    ) -> Result:
        """One execution, to its end. Without an input it gets ``{}``. ``seed`` decides what is random in it
        (jitter, States.UUID, $random). Raises UnmockedTask, and whatever a mock's function raises other than
        TaskError."""
        text = JsonText("{}") if input is None else jsontext.dump(input)
        return self.run_text(text, start=start, name=name, seed=seed)

    def run_text(
        self, input: JsonText, *, start: str | datetime = START, name: str = "test", seed: int = 0
    ) -> Result:
        """The same with an input as text, which stays exactly as it is written."""
        began = _millis(start)
        calls: list[Call] = []
        invocations: Counter[str] = Counter()

        def work(task: StartTask) -> Answer:
            calls.append(_call(task, began))
            name = names.of_task(task)
            invocation = invocations[name]
            invocations[name] += 1
            return self._answer(task, invocation)

        played = Play(self._machine, self._identity(name), work, began, seed)
        try:
            played.to_end(input)
        except UnmockedTask as error:
            error.result = self._told(played, began, calls)
            raise
        return self._told(played, began, calls)

    def _told(self, played: Play, began: Millis, calls: list[Call]) -> Result:
        found = result.of_play(self.name, played, began, calls)
        if self._after_run is not None:
            self._after_run(found)
        return found

    def _answer(self, task: StartTask, invocation: int) -> Answer:
        script = self._scripts.get(names.of_task(task))
        if script is None:
            raise UnmockedTask(f"{_called(task)}, and it is not mocked. It was given {_shown(task)}")
        try:
            return map_tasks.answer(script, invocation, task)
        except NoAnswer as missing:
            raise UnmockedTask(f"{_called(task)}: {missing}. It was given {_shown(task)}") from None
        except Exception as error:
            error.add_note(f"Raised by the mock of state {task.path}, which was given {_shown(task)}")
            raise

    def _identity(self, name: str) -> Identity:
        return Identity(
            uid=_UID,
            execution_id=_PLACE.execution(self.name, name),
            name=name,
            role_arn=f"arn:aws:iam::{_PLACE.account}:role/stepwright",
            state_machine_id=_PLACE.state_machine(self.name),
            state_machine_name=self.name,
        )


def _text(definition: str | Path | Mapping[str, Any]) -> tuple[str, str]:
    """The name of a file, and what is in it."""
    if isinstance(definition, Mapping):
        return "definition.json", jsontext.dump(dict(definition))
    if isinstance(definition, str) and definition.lstrip().startswith("{"):
        return "definition.json", definition
    try:
        return str(definition), Path(definition).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidWorkflow(f"{definition} cannot be read: {error}") from error


@lru_cache(maxsize=128)
def _compiled(
    file: str, text: str, name: str | None, substitutions: tuple[tuple[str, str], ...]
) -> tuple[str | None, Machine]:
    """Many tests use the same definition: it is compiled once."""
    checked = _one(file, check_text(file, text, dict(substitutions)).definitions, name)
    try:
        return checked.name, checked.machine()
    except InvalidDefinition as error:
        where = checked.file or file
        found = "\n".join(
            f"{where}:{diagnostic.line or 1}:{diagnostic.column or 1}: {diagnostic.code}: {diagnostic.message.strip()} "
            f"at {diagnostic.pointer or '/'}"
            for diagnostic in error.diagnostics
            if diagnostic.severity == "ERROR"
        )
        raise InvalidWorkflow(f"the definition is not valid:\n{found}") from error


def _one(file: str, definitions: list[Checked], name: str | None) -> Checked:
    if len(definitions) == 1 and (name is None or definitions[0].name is None):
        return definitions[0]
    named = [checked for checked in definitions if checked.name == name]
    if len(named) == 1:
        return named[0]
    names = ", ".join(str(checked.name) for checked in definitions) or "none"
    wanted = "one is to be named" if name is None else f"none of them is {name!r}"
    raise InvalidWorkflow(f"{file} has these state machines, and {wanted}: {names}")


def _millis(start: str | datetime) -> Millis:
    if isinstance(start, datetime):
        moment = start if start.tzinfo is not None else start.replace(tzinfo=UTC)
        return Millis(round(moment.timestamp() * 1000))
    millis = timestamps.parse(start)
    if millis is None:
        raise ValueError(f"start is a moment such as {START}, not {start!r}")
    return millis


def _call(task: StartTask, began: Millis) -> Call:
    return Call(
        state=names.of_task(task),
        path=task.path,
        resource=names.resource_of(task),
        input=mocking.task_input(task),
        parameters=task.parameters,
        attempt=task.attempt,
        after_seconds=(task.scheduled - began) / 1000,
    )


def _called(task: StartTask) -> str:
    name = names.of_task(task)
    called = "called its task" if name == task.state else f"came to its {name.removeprefix(f'{task.state}/')}"
    return f"state {task.path} {called} (Resource {names.resource_of(task)})"


def _shown(task: StartTask) -> str:
    text = jsontext.dump(mocking.task_input(task))
    return text if len(text) <= 300 else f"{text[:300]}... ({len(text):,} characters)"
