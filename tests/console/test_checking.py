"""An editor learns what is wrong with a text, where, and what stands in it."""

from __future__ import annotations

import time
from functools import partial

import pytest

from stepwright.cluster.serving import Cluster
from stepwright.console import checking
from stepwright.console.models import CheckedDefinition, ToCheck
from stepwright.files.serving import Serving
from stepwright.tasks import table

DEV = Serving(table.check_for, Cluster(partial(table.runs, process="dev")))

ORDER = """\
# An order
StartAt: Pay
States:
  Pay:
    Type: Task
    Resource: acme:deliver
    Arguments: {order: "{% $states.input %}"}
    QueryLanguage: JSONata
    Assign: {order: "{% $states.input.id %}"}
    Next: Each
  Each:
    Type: Map
    ItemProcessor:
      StartAt: Pack
      States:
        Pack:
          Type: Task
          QueryLanguage: JSONata
          Resource: k8s:job
          Arguments: {image: "${Image}"}
          Assign: {packed: "{% $order %}"}
          End: true
    Next: Nowhere
"""


def checked(text: str, format: str | None = None, **values: str) -> CheckedDefinition:
    (found,) = checking.check(ToCheck(text=text, format=format, values=values), DEV)  # type: ignore[arg-type]
    return found


def test_a_finding_has_its_line_and_column_in_yaml() -> None:
    found = checked(ORDER)

    (missing,) = [each for each in found.findings if each.code == "MISSING_TRANSITION_TARGET"]
    assert (missing.pointer, missing.line, missing.column) == ("/States/Each/Next", 23, 5)
    assert not found.valid


def test_a_field_that_must_not_be_there_is_told_at_its_own_line() -> None:
    found = checked('{"StartAt": "A",\n "States": {"A": {"Type": "Succeed",\n   "Nxt": "B"}}}')

    (unknown,) = found.findings
    assert (unknown.pointer, unknown.member) == ("/States/A", "Nxt")
    assert (unknown.line, unknown.column) == (3, 4)


def test_broken_text_is_one_finding_at_its_place() -> None:
    for text, line in (('{"StartAt": "A",\n "States" {}}', 2), ("StartAt: [A\nStates: {}\n", 2)):
        (found,) = checked(text, "json" if text.startswith("{") else "yaml").findings
        assert (found.severity, found.line) == ("ERROR", line)


def test_resources_are_told_with_whether_something_runs_them() -> None:
    acme, job = checked(ORDER).resources

    assert (acme.resource, acme.pointers) == ("acme:deliver", ["/States/Pay/Resource"])
    assert acme.lacks is not None
    assert job.pointers == ["/States/Each/ItemProcessor/States/Pack/Resource"]
    assert job.lacks is None


def test_a_state_may_be_called_as_a_field_that_names_a_resource() -> None:
    (acme,) = checked(ORDER.partition("  Each:")[0].replace("Pay", "ItemReader")).resources

    assert "acme:deliver" in (acme.lacks or "")


def test_variables_are_told_by_scope_and_by_who_reads_them() -> None:
    assert checked(ORDER).variables == {"": ["order"], "/States/Each/ItemProcessor": ["packed"]}
    assert checked(ORDER).reads == {}
    assert checked(ORDER.replace("Next: Nowhere", "End: true")).reads == {"Pack": ["order"]}


def test_what_is_not_filled_in_is_told_until_a_value_stands_for_it() -> None:
    (left,) = checked(ORDER).substitutions

    assert (left.name, left.line) == ("${Image}", 20)
    assert checked(ORDER, Image="busybox").substitutions == []


def test_a_definition_in_a_manifest_is_located_in_the_manifest() -> None:
    manifest = (
        "apiVersion: stepwright.dev/v1\nkind: StateMachine\nmetadata: {name: order}\nspec:\n  definition:\n"
    )
    found = checked(manifest + "".join(f"    {line}\n" for line in ORDER.splitlines()))

    (missing,) = [each for each in found.findings if each.code == "MISSING_TRANSITION_TARGET"]
    assert found.name == "order"
    assert (missing.pointer, missing.line) == ("/States/Each/Next", 5 + 23)


def test_files_that_a_template_names_are_not_read() -> None:
    template = """\
Resources:
  Order:
    Type: AWS::Serverless::StateMachine
    Properties: {DefinitionUri: /etc/passwd}
"""

    (found,) = checked(template, "yaml").findings
    assert "/etc/passwd is not read here" in found.message


HOSTILE = {
    "aliases of aliases": "a0: &a0 [x]\n"
    + "".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(9)),
    "long names around many values": "a: "
    + f"{{{'k' * 1_000}: " * 90
    + "["
    + "x, " * 10_000
    + "x]"
    + "}" * 90,
    "levels": "[" * 100_000,
    "literal blocks": "".join(f"k{n}: |\n a\n" for n in range(10_000)),
    "states": "StartAt: A\nStates:\n"
    + "".join(f"  s{n}: {{Type: Task, Resource: acme:deliver}}\n" for n in range(5_000)),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    begun = time.process_time()
    (found,) = checking.check(ToCheck(text=text, format="yaml"), DEV)

    assert not found.valid
    assert len(found.findings) <= 402
    assert sum(len(each.pointers) for each in found.resources) <= 500
    assert time.process_time() - begun < 20
