"""Completion knows each function of the language, with the arguments that it takes."""

from __future__ import annotations

import tomllib

import pytest

from stepwright.asl.intrinsics import FUNCTIONS
from stepwright.asl.jsonata.functions import BUILT_IN
from stepwright.asl.test_state.context_object import FIELDS
from stepwright.console import functions

WORDS = tomllib.loads(functions._WORDS.read_text(encoding="utf-8"))


def arguments(words: dict[str, str]) -> list[str]:
    return words["arguments"].split(", ") if words["arguments"] else []


def test_each_function_of_the_language_is_there() -> None:
    assert set(WORDS["intrinsics"]) == set(FUNCTIONS)
    assert set(WORDS["jsonata"]) == set(BUILT_IN)
    assert functions.functions()["jsonata"]["$substring"]["call"] == "$substring(text, start, length?)"
    assert functions.functions()["intrinsics"]["States.UUID"]["call"] == "States.UUID()"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_intrinsic_function_takes_what_is_said(name: str) -> None:
    said, function = arguments(WORDS["intrinsics"][name]), FUNCTIONS[name]
    several = [each for each in said if each.endswith("...")]

    assert len([each for each in said if not each.endswith(("...", "?"))]) == function.least
    assert (None if several else len(said)) == function.most


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_function_of_jsonata_takes_what_is_said(name: str) -> None:
    said, signature = arguments(WORDS["jsonata"][name]), BUILT_IN[name].signature
    assert signature is not None
    parameters = signature._parameters

    assert len(said) == len(parameters)
    for each, parameter in zip(said, parameters, strict=True):
        assert each.endswith("?") == (parameter.repeat == "?" and not parameter.in_context), each
        assert each.endswith("...") == (parameter.repeat == "+"), each


def test_the_context_object_has_what_is_said() -> None:
    paths = {f"{part}.{field}" for part, fields in FIELDS.items() for field in fields}

    assert set(WORDS["context"]) == paths | {"Map.Item.Index", "Map.Item.Value"}
