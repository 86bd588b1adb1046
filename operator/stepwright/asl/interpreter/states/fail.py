"""Fail: ends its branch with an error that the user chose."""

from __future__ import annotations

from stepwright.asl.checkpoint.parts import Branch
from stepwright.asl.data import Expression
from stepwright.asl.failure import causes, failures
from stepwright.asl.failure.errors import QueryError
from stepwright.asl.fields.jsonata_fields import Query
from stepwright.asl.interpreter import dataflow, failing
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.jsonpath import PathNotFound
from stepwright.asl.machine import Fail
from stepwright.asl.signals import Signal
from stepwright.asl.text import jsontext


def begin(draft: Draft, branch: Branch, state: Fail) -> None:
    error = _text(draft, branch, state, state.error, "ErrorPath")
    cause = _text(draft, branch, state, state.cause, "CausePath")
    failing.fail(draft, branch, state, failures.said(error, cause))


def _text(
    draft: Draft, branch: Branch, state: Fail, given: str | Expression | None, field: str
) -> str | None:
    if given is None or isinstance(given, str):
        return given
    if isinstance(given, Query):
        said = given.expect(dataflow.states(draft, branch, state), "string")
        assert isinstance(said, str)
        if not jsontext.has_text(said):
            raise QueryError(causes.query_gave_no_text(field.removesuffix("Path")), given.location)
        return said
    try:
        value = given.evaluate(dataflow.data(draft, branch, state, branch.input))
    except PathNotFound as error:
        cause = causes.path_not_found_for_field(error.path_text, field, branch.input.value)
        raise failures.runtime(cause) from None
    if not isinstance(value, str):
        raise failures.runtime(
            f"The {field} field refers to value {causes.plain(value)} which is not a string: {given}"
        )
    if not jsontext.has_text(value):
        raise failures.runtime(f"The {field} field refers to half of a surrogate pair: {given}")
    return value


def resume(draft: Draft, branch: Branch, state: Fail, signal: Signal | None) -> None:
    """A Fail state waits for nothing."""
