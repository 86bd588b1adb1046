"""What is fuzzed: for each target its corpus, the words of its grammar, and what is done with an input.

``run`` returns for everything that is allowed: a result, a documented refusal. Whatever else comes out of it is a finding.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Any, Final

from stepwright.api import model
from stepwright.asl import jsonata
from stepwright.asl.data import Data
from stepwright.asl.definition import check, compile_definition
from stepwright.asl.definition.schema import STATE_FIELDS
from stepwright.asl.diagnostics import InvalidDefinition
from stepwright.asl.failure.errors import StateError
from stepwright.asl.fields import path_expression, payload_template, reference_path
from stepwright.asl.fields.payload_template import InvalidTemplate
from stepwright.asl.intrinsics import FUNCTIONS, InvalidIntrinsic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.jsonata.functions import BUILT_IN
from stepwright.asl.jsonpath import InvalidPath
from stepwright.asl.limits import Limits
from stepwright.asl.text import jsontext
from stepwright.files.definitions import check_text
from stepwright.files.reader import Unusable
from stepwright.mocks import config_file
from stepwright.testing import cases
from tests.asl.virtual_time import Play, echo
from tests.fuzz import corpus
from tests.fuzz.api_world import ApiWorld
from tests.fuzz.mutation import SEPARATOR, mutated

MOST_SIGNALS: Final = 40
"""Of an execution of a fuzzed definition; many of them loop."""


@dataclass(frozen=True, slots=True)
class Target:
    corpus: Callable[[], Sequence[str]]
    words: Sequence[str]
    run: Callable[[str], None]
    close: Callable[[], None] = lambda: None

    def mutated(self, text: str, random: Random) -> str:
        return mutated(text, self.corpus(), self.words, random)


def _definition(text: str) -> None:
    found = check(text)
    try:
        machine, warnings = compile_definition(text)
    except InvalidDefinition as refused:
        assert any(diagnostic.severity == "ERROR" for diagnostic in refused.diagnostics)
        return
    assert found == warnings
    play = Play(machine, Limits(history_events=300, events_per_step=50))
    play.start(jsontext.dump(json.loads(corpus.DOCUMENT)))
    for _ in range(MOST_SIGNALS):
        if play.more:
            play.go_on()
        if play.outcome is not None:
            break
        tasks = play.open_tasks()
        if tasks:
            answer = echo(tasks[0])
            assert answer is not None
            play.send(answer)
        elif not play.fire_next():
            break
    for event in play.events:
        jsontext.dump(event)


def _files(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()  # it was read from a file
    for name in ("a.yaml", "a.json", "-"):
        check_text(name, text)


def _tests(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    for name in ("a.test.yaml", "a.test.json"):
        with contextlib.suppress(Unusable):
            cases.parse(name, text, corpus.EXAMPLES / "order-processing")
        with contextlib.suppress(Unusable):
            config_file.read(name, text)


def _jsonpath(text: str) -> None:
    path, document = _parts(text)
    data = Data(document, {"State": {"Name": "A"}}, {"x": document}, lambda: Random(1))
    with contextlib.suppress(InvalidPath, InvalidIntrinsic, StateError, jsontext.InvalidJson):
        jsontext.dump(path_expression.compile(path).evaluate(data))
    with contextlib.suppress(InvalidPath, StateError, jsontext.InvalidJson):
        jsontext.dump(reference_path.compile(path).put(document, 1))
    with contextlib.suppress(InvalidTemplate, StateError, jsontext.InvalidJson):
        jsontext.dump(payload_template.compile({"a.$": path, "b": document}, Pointer("")).evaluate(data))


def _jsonata(text: str) -> None:
    source, document = _parts(text)
    try:
        expression = jsonata.compile(source)
    except jsonata.InvalidExpression as error:
        assert error.message
        return
    variables = {"states": {"input": document}, "x": document}
    results: list[str] = []
    for _ in range(2):
        try:
            results.append(
                jsontext.dump(expression.evaluate(variables, 1_700_000_000_000, lambda: Random(1)))
            )
        except (jsonata.EvaluationFailed, jsonata.LimitExceeded, jsonata.NoResult) as error:
            results.append(str(error))
        except jsontext.InvalidJson as error:
            results.append(str(error))
    assert results[0] == results[1], "the same expression gave two results"


def _parts(text: str) -> tuple[str, Json]:
    head, _, tail = text.partition(SEPARATOR)
    try:
        return head, jsontext.parse(tail)
    except jsontext.InvalidJson:
        return head, None


def _field_names() -> Sequence[str]:
    kinds = ("Pass", "Task", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map", "JSONata", "JSONPath")
    fields = {
        name for known in STATE_FIELDS.values() for name in known.both | known.json_path | known.jsonata
    }
    within = (
        "StartAt",
        "States",
        "Next",
        "ErrorEquals",
        "Variable",
        "And",
        "Or",
        "Not",
        "IsPresent",
        "Condition",
    )
    return (*sorted(fields), *within, *kinds, "a.$", "$.a", "{% $states.input %}", "States.ALL")


def _members() -> Sequence[str]:
    shapes: list[Any] = [model.input_shape(name) for name in model.service().operation_names]
    return sorted({name for shape in shapes for name in shape.members} | set(model.service().operation_names))


_api = ApiWorld()

TARGETS: Final = MappingProxyType(
    {
        "definition": Target(corpus.definitions, _field_names(), _definition),
        "files": Target(
            corpus.manifests,
            (
                "- ",
                ": ",
                "&a ",
                "*a",
                "<<: *a",
                "|\n",
                ">\n",
                "!!str ",
                "!!binary ",
                "---\n",
                "? ",
                "\t",
                "kind",
                "spec",
            ),
            _files,
        ),
        "tests": Target(
            corpus.tests,
            (
                "return",
                "error",
                "never: true",
                "after",
                "1 h 30 min",
                "times: 3",
                "attempts",
                "- ",
                ": ",
                "path",
                "0-1",
            ),
            _tests,
        ),
        "jsonpath": Target(
            corpus.jsonpath,
            (
                *FUNCTIONS,
                "..",
                "[*]",
                "[?(",
                ")]",
                "@.",
                "=~ ",
                "anyof ",
                "subsetof ",
                "length()",
                "min()",
                "keys()",
                "&&",
                "||",
            ),
            _jsonpath,
        ),
        "jsonata": Target(
            corpus.jsonata,
            (
                *(f"${name}" for name in BUILT_IN),
                "and",
                "or",
                "in",
                "function",
                "~>",
                "**",
                "$states",
                ":=",
                "?:",
                "??",
                "%",
            ),
            _jsonata,
        ),
        "api": Target(corpus.api, _members(), _api.run, _api.close),
    }
)
