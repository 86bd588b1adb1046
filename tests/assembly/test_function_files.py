"""Functions from files: which entry a name means, and what is wrong with a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from stepwright.asl.resource import parse
from stepwright.assembly import function_files
from stepwright.assembly.connections import OfEnvironment
from stepwright.assembly.function_files import OfFiles, Table, Unusable
from stepwright.catalog.ports import Function, FunctionJob, FunctionName
from stepwright.tasks.functions import resources

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:"
FILE = f"""
functions:
  charge: {{url: "http://127.0.0.1:3001/"}}
  charge:beta: {{url: "http://localhost:3002/charge/", protocol: json, timeoutSeconds: 5}}
  {ARN}charge: {{url: "https://[::1]:3003", functionName: charge}}
  ship-order: {{command: [python3, ship.py], env: [{{name: HOW, value: fast}}], output: stdout}}
"""


def read(tmp_path: Path, text: str, name: str = "functions.yaml") -> Table:
    path = tmp_path / name
    path.write_text(text)
    return function_files.read([path])


def found(table: Table, name: FunctionName | str) -> str | None:
    """The URL or the command of what stands for it."""
    named = resources.function_name(name) if isinstance(name, str) else name
    function = OfFiles(table, OfEnvironment()).known(named, "local")
    if isinstance(function, FunctionJob):
        return str(function.parameters["command"])
    return None if function is None else function.url


SHIP = "['python3', 'ship.py']"
MEANT: dict[str, tuple[str, str | None]] = {
    "a name": ("charge", "http://127.0.0.1:3001"),
    "a version": ("charge:7", "http://127.0.0.1:3001"),
    "an alias that has its own entry": ("charge:beta", "http://localhost:3002/charge/"),
    "an ARN that has its own entry": (f"{ARN}charge", "https://[::1]:3003"),
    "another ARN": (f"{ARN.replace('eu', 'us')}charge", "http://127.0.0.1:3001"),
    "an alias by another ARN": (f"{ARN.replace('eu', 'us')}charge:beta", "http://localhost:3002/charge/"),
    "a partial ARN": ("123456789012:function:charge", "http://127.0.0.1:3001"),
    "the spelling of a TaskTemplate": ("Ship_Order", SHIP),
    "a name that is in no file": ("refund", None),
}


@pytest.mark.parametrize(("name", "what"), MEANT.values(), ids=MEANT.keys())
def test_a_name_means_the_narrowest_entry(tmp_path: Path, name: str, what: str | None) -> None:
    assert found(read(tmp_path, FILE), name) == what


def test_a_task_names_an_entry_as_it_would_a_template(tmp_path: Path) -> None:
    named = resources.named(parse("k8s:task/ship-order"))

    assert named is not None
    assert found(read(tmp_path, FILE), named) == SHIP


def test_what_is_called_is_what_the_entry_says(tmp_path: Path) -> None:
    table = read(tmp_path, FILE)
    beta, arn = table["charge:beta"], table[f"{ARN}charge"]

    assert isinstance(beta, Function)
    assert (beta.speech, beta.seconds) == ("json", 5)
    assert isinstance(arn, Function)
    assert (arn.speech, arn.invoked_as, arn.stands_in) == ("lambda", "charge", True)


WRONG: dict[str, tuple[str, str]] = {
    "no table": ("charge: {}", "functions.yaml:1:1: there is no field 'charge' here"),
    "no JSON": ('{"functions": ', "functions.yaml:"),
    "no name": ("functions: {a b: {command: [x]}}", "functions.yaml:1:13: 'a b' is neither a function's name nor its ARN"),
    "another ARN": (
        "functions:\n  arn:aws:states:eu-west-1:123456789012:activity:x: {command: [x]}",
        "functions.yaml:2:",
    ),
    "nothing": ("functions:\n  a: {}", "functions.yaml:2:3: url, command, image or another parameter"),
    "a misspelt field": ("functions:\n  a: {comand: [x]}", "'comand'; is 'command' meant?"),
    "a misspelt field of a call": (
        "functions:\n  a: {url: 'http://x', protocl: json}",
        "functions.yaml:2:24: there is no field 'protocl' here; is 'protocol' meant?",
    ),
    "no list": ("functions:\n  a: {command: x}", "functions.yaml:2:7: command must be a list of texts, not 'x'"),
    "an input": ("functions:\n  a: {command: [x], input: 1}", "functions.yaml:2:21: the input of a function is"),
    "from data": ("functions:\n  a: {image.$: $.x}", "functions.yaml:2:7: nothing here comes from data"),
    "no URL": ("functions:\n  a: {url: 'ftp://x'}", "functions.yaml:2:7: a URL is expected"),
    "a user in a URL": ("functions:\n  a: {url: 'http://u:p@x'}", "a URL is expected"),
    "no protocol": ("functions:\n  a: {url: 'http://x', protocol: grpc}", "the protocol is lambda or json"),
    "too long": ("functions:\n  a: {url: 'http://x', timeoutSeconds: 3601}", "from 1 to 3600 is expected"),
    "twice": ("functions:\n  a: {command: [x]}\n  a: {command: [y]}", "functions.yaml:3:"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(Unusable) as unusable:
        read(tmp_path, text)

    said = str(unusable.value).replace(f"{tmp_path}/", "")
    assert words in said


def test_all_that_is_wrong_with_all_files_is_said_at_once(tmp_path: Path) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.yaml"
    first.write_text('{"functions": {"a": {"command": ["x"]}, "b": {}}}')
    second.write_text("functions: {a: {command: [y]}}")
    with pytest.raises(Unusable) as unusable:
        function_files.read([first, second, tmp_path / "gone.yaml"])

    assert [problem.split(": ")[-1][:20] for problem in unusable.value.problems] == [
        "url, command, image ",
        "there is a function ",
        f"'{tmp_path}/gone.yaml'"[:20],
    ]
