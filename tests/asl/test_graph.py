"""A definition as a picture."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwright.asl.definition import compile_definition
from stepwright.asl.definition.pointers import child
from stepwright.asl.diagnostics import InvalidDefinition
from stepwright.asl.graph import Graph, graph_of, mermaid, outline
from stepwright.asl.graph.of_definition import DEEPEST
from stepwright.asl.json_types import Json
from tests.data import conformance, graph_cases, published

_WORDS = st.sampled_from(
    [
        *("StartAt", "States", "A", "B", "Type", "Next", "End", "Choices", "Default", "Catch", "Branches"),
        *(
            "ItemProcessor",
            "Iterator",
            "Choice",
            "Fail",
            "And",
            "Or",
            "Not",
            "Variable",
            "Condition",
            "Seconds",
        ),
        *(
            "ErrorEquals",
            "NumericEquals",
            "IsPresent",
            "Wait",
            "Map",
            "ProcessorConfig",
            "Mode",
            "$.x",
            "{% $x %}",
        ),
    ]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _WORDS | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(_WORDS | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=40,
)


def _edges(graph: Graph) -> set[tuple[str, str, str, str]]:
    names = {node.id: node.name for node in graph.nodes}
    return {(names[edge.source], edge.kind, edge.label, names[edge.target]) for edge in graph.edges}


@pytest.mark.parametrize("name", sorted(graph_cases.written()))
def test_the_console_is_held_to_what_python_draws_now(name: str) -> None:
    """Where this fails, `make generate` writes the cases anew; the console's tests then say what its twin lacks."""
    kept = graph_cases.FOLDER / name

    assert kept.read_text(encoding="utf-8") == graph_cases.written()[name]


def test_transitions_say_when_they_are_taken() -> None:
    definition: Json = {
        "StartAt": "Enough",
        "States": {
            "Enough": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.total", "NumericGreaterThan": 100, "Next": "Ship"}],
                "Default": "Refuse",
            },
            "Ship": {
                "Type": "Task",
                "Resource": "acme:deliver",
                "Catch": [{"ErrorEquals": ["States.Timeout", "Acme.Late"], "Next": "Refuse"}],
                "End": True,
            },
            "Refuse": {"Type": "Fail", "Error": "Order.Refused"},
        },
    }

    assert _edges(graph_of(definition)) == {
        ("Start", "start", "", "Enough"),
        ("Enough", "choice", "$.total > 100", "Ship"),
        ("Enough", "default", "Default", "Refuse"),
        ("Ship", "catch", "States.Timeout, Acme.Late", "Refuse"),
        ("Ship", "end", "", "End"),
        ("Refuse", "end", "", "End"),
    }
    assert outline.of_graph(graph_of(definition)) == (
        "Start -> Enough\n"
        "Enough: Choice\n"
        "  if $.total > 100 -> Ship\n"
        "  otherwise -> Refuse\n"
        "Ship: Task (acme:deliver)\n"
        "  caught States.Timeout, Acme.Late -> Refuse\n"
        "  -> End\n"
        "Refuse: Fail (Order.Refused)\n"
        "  -> End\n"
    )


def test_a_misspelt_target_is_in_the_picture_as_a_state_that_does_not_exist() -> None:
    graph = graph_of({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Shp"}}})

    (ghost,) = (node for node in graph.nodes if node.kind == "ghost")
    assert (ghost.id, ghost.name) == ("#ghost/Shp", "Shp")
    assert "  -> Shp (there is no such state)\n" in outline.of_graph(graph)


def test_branches_stand_within_their_state() -> None:
    branch: Json = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}
    graph = graph_of(
        {"StartAt": "A", "States": {"A": {"Type": "Parallel", "Branches": [branch], "End": True}}}
    )

    parents = {node.id: node.parent for node in graph.nodes}
    assert parents["/States/A"] is None
    assert parents["/States/A/Branches/0"] == "/States/A"
    assert parents["/States/A/Branches/0/States/B"] == "/States/A/Branches/0"
    assert mermaid.of_graph(graph) == (
        "flowchart TD\n"
        '  n0(["Start"])\n'
        '  subgraph n1["A"]\n'
        '    subgraph n3["Branch 1"]\n'
        '      n4(["Start"])\n'
        '      n5["B"]\n'
        '      n6(["End"])\n'
        "    end\n"
        "  end\n"
        '  n2(["End"])\n'
        "  n0 --> n1\n"
        "  n1 --> n2\n"
        "  n4 --> n5\n"
        "  n5 --> n6\n"
    )


def test_names_cannot_break_out_of_a_flowchart() -> None:
    name = 'A"]; click A "javascript:alert(1)"\n<b>#'
    text = mermaid.of_graph(graph_of({"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}}))

    assert '  n1["A#34;]#59; click A #34;javascript:alert(1)#34; #60;b#62;#35;"]\n' in text


@given(_JSON)
def test_anything_has_a_picture(value: Any) -> None:
    graph = graph_of(value)

    ids = [node.id for node in graph.nodes]
    assert len(ids) == len(set(ids))
    assert {edge.target for edge in graph.edges} | {edge.source for edge in graph.edges} <= set(ids)
    assert {node.parent for node in graph.nodes} <= {None, *ids}
    mermaid.of_graph(graph)
    outline.of_graph(graph)


def test_scopes_within_scopes_are_drawn_as_deep_as_definitions_may_be() -> None:
    machine: Any = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    for _ in range(40):
        machine = {"StartAt": "A", "States": {"A": {"Type": "Parallel", "Branches": [machine], "End": True}}}

    assert sum(node.kind == "scope" for node in graph_of(machine).nodes) == DEEPEST


@pytest.mark.parametrize("id", conformance.parameters(published.ids(), str))
def test_each_state_of_a_published_definition_is_in_its_picture(id: str) -> None:
    definition = published.definition(id)
    graph = graph_of(definition)
    try:
        machine, _ = compile_definition(definition)
    except InvalidDefinition:
        return  # drawn all the same, but nobody else says what is in it

    drawn = {node.id: node.type for node in graph.nodes if node.kind == "state"}
    assert drawn == {
        child(scope.pointer, "States", name): type(state).__name__
        for scope in machine.scopes.values()
        for name, state in scope.states.items()
    }
    assert not [node for node in graph.nodes if node.kind == "ghost"]
