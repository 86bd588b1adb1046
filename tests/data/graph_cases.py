"""Definitions with the graph that Python draws of them, also as text for Mermaid, for the console's twin in TypeScript: ``tests/graph_cases``.

python -m tests.data.graph_cases                       writes them
python -m tests.data.graph_cases --check               fails if they differ from what would be written
python -m tests.data.graph_cases --published FOLDER    writes cases of the published definitions, which are not in the
                                                       repository, for GRAPH_CASES=FOLDER of the console's tests
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from stepwright.asl.choice_rules.operators import OPERATORS
from stepwright.asl.graph import graph_of
from stepwright.asl.graph.mermaid import of_graph
from stepwright.files.definitions import check_text
from tests.data import published

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "tests" / "graph_cases"

_LEAD: Final = {"Type": "Pass", "End": True}


def _machine(states: dict[str, Any], start: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"StartAt": start or next(iter(states)), "States": states, **fields}


def _operand(name: str) -> Any:
    if name.startswith("Is") or name == "BooleanEquals":
        return True
    if name.endswith("Path"):
        return "$.other"
    return 12.50 if name.startswith("Numeric") else "2026-01-01T00:00:00Z"


def _choice(rules: list[Any], **fields: Any) -> dict[str, Any]:
    return _machine({"Choose": {"Type": "Choice", "Choices": rules, **fields}, "A": _LEAD, "B": _LEAD})


def _deep(levels: int) -> dict[str, Any]:
    machine = _machine({"Deepest": _LEAD})
    for level in range(levels):
        machine = _machine({f"L{level}": {"Type": "Parallel", "Branches": [machine], "End": True}})
    return machine


_EQUAL: Final = {"Variable": "$.a", "NumericEquals": 1}

MADE: Final[dict[str, Any]] = {
    "operators": _choice(
        [{"Variable": "$.x", name: _operand(name), "Next": "A"} for name in OPERATORS]
        + [{"Variable": "$.x", "IsPresent": False, "Next": "B"}],
        Default="B",
    ),
    "conditions": _choice(
        [
            {"And": [_EQUAL, {"Or": [_EQUAL, {"Not": _EQUAL}]}], "Next": "A"},
            {"Not": {"And": [_EQUAL, {"Variable": "$.b", "StringEquals": 'say "hi"\n there'}]}, "Next": "A"},
            {"Condition": "{% $total > 10 and\n  $country = 'NO' %}", "Next": "A"},
            {"Condition": True, "Next": "B"},
            {"And": [_EQUAL] * 60, "Next": "B"},
            {"Variable": "$.c", "StringEquals": "é🙂" * 90, "Next": "B"},
            {"Variable": "$.d", "NumericEquals": 1e21, "Next": "A"},
            {"Variable": "$.d", "NumericEquals": 1e-7, "Next": "A"},
            {"Variable": "$.d", "NumericLessThan": 3.0, "Next": "A"},
            {"Variable": "$.d", "StringEquals": ["no text"], "Next": "A"},
            {"Variable": "$.d", "Unknown": 1, "Next": "A"},
            {"And": [{}, None, {"Variable": 3}], "Next": "A"},
            {"And": [], "Next": "A"},
            {"Next": "A"},
        ]
    ),
    "labels": _machine(
        {
            "Wait": {"Type": "Wait", "Seconds": 30, "Next": "Until"},
            "Until": {"Type": "Wait", "Timestamp": "2026-01-01T00:00:00Z", "Next": "Path"},
            "Path": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "Expression"},
            "Expression": {"Type": "Wait", "Seconds": "{% $seconds %}", "Next": "Function"},
            "Function": {
                "Type": "Task",
                "Resource": "arn:aws:lambda:us-east-1:123456789012:function:Ship:live",
                "Next": "Optimized",
            },
            "Optimized": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "Own"},
            "Own": {"Type": "Task", "Resource": "acme:deliver", "Next": "Each"},
            "Each": {
                "Type": "Map",
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    **_machine({"Item": _LEAD}),
                },
                "Next": "Old",
            },
            "Old": {"Type": "Map", "Iterator": _machine({"Older": _LEAD}), "Next": "Done"},
            "Done": {"Type": "Succeed"},
            "Bad": {"Type": "Fail", "Error": "Order.Bad"},
            "Worse": {"Type": "Fail", "ErrorPath": "$.error"},
        }
    ),
    "nowhere": {
        "StartAt": "Gone",
        "States": {
            "A": {"Type": "Task", "Next": "Shp", "Catch": [{"ErrorEquals": ["E"], "Next": "Shp"}]},
            "B": {"Type": "Choice", "Choices": [{"Next": "a/b~c"}], "Default": "Nobody"},
        },
    },
    "broken": {
        "StartAt": 3,
        "States": {
            "Empty": None,
            "Text": "Pass",
            "Numbers": {"Type": 1, "Next": 2, "End": "true", "Resource": []},
            "Lists": {"Choices": {"Next": "Empty"}, "Catch": "all", "Branches": 5},
            "Odd": {
                "Choices": [None, 1, {"Next": None}],
                "Catch": [[], {"ErrorEquals": [1, "E"], "Next": "Text"}],
            },
            "Branches": {
                "Type": "Parallel",
                "Branches": [None, {}, {"States": []}, {"StartAt": "X", "States": {}}],
            },
            "Items": {"Type": "Map", "ItemProcessor": [], "Iterator": {"StartAt": "Y"}},
            "Both": {"Type": "Fail", "Next": "Both", "End": True},
            "": {"Type": "Pass", "Next": ""},
        },
    },
    "hostile-names": _machine(
        {
            "a/b~c": {"Type": "Pass", "Next": '"quoted"'},
            '"quoted"': {"Type": "Pass", "Next": "__proto__"},
            "__proto__": {"Type": "Pass", "Next": "constructor"},
            "constructor": {"Type": "Pass", "Next": "<script>alert(1)</script>"},
            "<script>alert(1)</script>": {"Type": "Pass", "Next": "new\nline"},
            "new\nline": {"Type": "Pass", "Next": "é🙂" * 200},
            "é🙂" * 200: {"Type": "Pass", "Next": "é🙂" * 200 + "x"},
            "é🙂" * 200 + "x": {"Type": "Pass", "Next": "a" * 300},
        }
    ),
    "nothing": {},
    "no-object": [1, 2],
    "deep": _deep(5),
}


def _of_examples() -> Iterator[tuple[str, Any]]:
    for path in sorted((ROOT / "examples").rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        if "StartAt" in text and not path.name.endswith((".test.yaml", "expected.yaml")):
            for number, found in enumerate(check_text(str(path), text).definitions):
                if isinstance(found.definition, dict) and "StartAt" in found.definition:
                    name = "-".join(path.relative_to(ROOT).with_suffix("").parts)
                    yield f"{name}{f'-{number}' if number else ''}", found.definition


def case(definition: Any) -> dict[str, Any]:
    graph = graph_of(definition)
    return {"definition": definition, "graph": asdict(graph), "mermaid": of_graph(graph)}


def written() -> dict[str, str]:
    """The files by their names."""
    cases = {**dict(_of_examples()), **{f"made-{name}": definition for name, definition in MADE.items()}}
    return {f"{name}.json": _text(definition) for name, definition in cases.items()}


def _text(definition: Any) -> str:
    return json.dumps(case(definition), ensure_ascii=False, indent=1) + "\n"


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--published"]:
        folder = Path(arguments[1])
        for number, id in enumerate(published.ids()):
            (folder / f"{number}.json").write_text(_text(published.definition(id)), encoding="utf-8")
        return 0
    wanted = written()
    if arguments == ["--check"]:
        found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
        wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        if wrong:
            print(f"tests/graph_cases differ: run python -m tests.data.graph_cases: {', '.join(wrong)}")
        return 1 if wrong else 0
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
