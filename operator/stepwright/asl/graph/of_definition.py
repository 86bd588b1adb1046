"""What a definition shows as a picture.

Anything gives a graph: what is missing or of the wrong type is left out, so a definition has a picture while it is being written.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from stepwright.asl.definition.pointers import ROOT, child
from stepwright.asl.graph import words
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.place import escaped

NodeKind: TypeAlias = Literal["state", "scope", "start", "end", "ghost"]
EdgeKind: TypeAlias = Literal["start", "next", "choice", "default", "catch", "end"]

DEEPEST: Final = 30
"""Scopes within scopes; no valid definition has that many."""


@dataclass(frozen=True, slots=True)
class Node:
    """``id``: the JSON pointer of a state, or of a branch or an item processor (``scope``); with ``#start``, ``#end`` or
    ``#ghost/NAME`` behind that of its scope, what the definition does not name. A ghost is a state that does not exist, but to
    which a transition leads. ``parent``: the scope that a state is in, the state that a scope is in; None in the machine's own."""

    id: str
    parent: str | None
    kind: NodeKind
    name: str
    type: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """``id``: the JSON pointer of what says where it leads (``/States/A/Catch/0/Next``). ``source`` and ``target`` are nodes.
    ``label``: a condition in words, or the names of errors."""

    id: str
    source: str
    target: str
    kind: EdgeKind
    label: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


def graph_of(definition: Json) -> Graph:
    """Scope by scope, the outer ones first; within one: start, states as they are written, end, ghosts."""
    graph = Graph()
    waiting = deque([_Scope(definition, ROOT, None, "", 0)] if isinstance(definition, dict) else [])
    while waiting:
        scope = waiting.popleft()
        waiting.extend(scope.draw(graph))
    return graph


class _Scope:
    """``holder``: the state that holds it."""

    def __init__(self, value: Json, pointer: Pointer, holder: str | None, name: str, depth: int) -> None:
        self._value = value if isinstance(value, dict) else {}
        self._pointer = pointer
        self._holder = holder
        self._name = name
        self._depth = depth
        self._parent = None if pointer == ROOT else pointer
        self._ghosts: dict[str, Node] = {}
        self._states: dict[Pointer, tuple[str, Json]] = {}
        states = self._value.get("States")
        for name_, state in states.items() if isinstance(states, dict) else ():
            self._states.setdefault(self._state(name_), (name_, state))

    def draw(self, graph: Graph) -> Iterator[_Scope]:
        """Gives the scopes inside."""
        if self._pointer != ROOT:
            graph.nodes.append(Node(self._pointer, self._holder, "scope", self._name))
        graph.nodes.append(Node(self._start, self._parent, "start", "Start"))
        for id, (name, state) in self._states.items():
            graph.nodes.append(
                Node(id, self._parent, "state", name, _text(state, "Type"), words.of_state(state))
            )
        graph.nodes.append(Node(self._end, self._parent, "end", "End"))
        first = self._led(self._value.get("StartAt"))
        if first is not None:
            graph.edges.append(Edge(child(self._pointer, "StartAt"), self._start, first, "start"))
        for id, (_, state) in self._states.items():
            for kind, target, where, label in _transitions(state):
                led = self._led(target)
                if led is not None:
                    graph.edges.append(Edge(child(id, *where), id, led, kind, label))
            if _ends(state):
                graph.edges.append(Edge(child(id, "End"), id, self._end, "end"))
        graph.nodes.extend(self._ghosts.values())
        if self._depth < DEEPEST:
            for id, (_, state) in self._states.items():
                for value, where, name in _scopes(state):
                    yield _Scope(value, child(id, *where), id, name, self._depth + 1)

    def _led(self, target: Json) -> str | None:
        """The node that something leads to; None if it names none."""
        if not isinstance(target, str):
            return None
        id = self._state(target)
        if id in self._states:
            return id
        ghost = Node(f"{self._pointer}#ghost/{escaped(target)}", self._parent, "ghost", target)
        return self._ghosts.setdefault(ghost.id, ghost).id

    def _state(self, name: str) -> Pointer:
        return child(self._pointer, "States", name)

    @property
    def _start(self) -> str:
        return f"{self._pointer}#start"

    @property
    def _end(self) -> str:
        return f"{self._pointer}#end"


def _transitions(state: Json) -> Iterator[tuple[EdgeKind, Json, tuple[str | int, ...], str]]:
    """Kind, target, place in the state, label."""
    if not isinstance(state, dict):
        return
    yield "next", state.get("Next"), ("Next",), ""
    for index, rule in enumerate(_list(state, "Choices")):
        if isinstance(rule, dict):
            yield (
                "choice",
                rule.get("Next"),
                ("Choices", index, "Next"),
                words.of_rule(rule) or f"#{index + 1}",
            )
    yield "default", state.get("Default"), ("Default",), "Default"
    for index, catcher in enumerate(_list(state, "Catch")):
        if isinstance(catcher, dict):
            yield "catch", catcher.get("Next"), ("Catch", index, "Next"), words.of_catcher(catcher)


def _scopes(state: Json) -> Iterator[tuple[Json, tuple[str | int, ...], str]]:
    """What is in it, its place in the state, its name for people. ``Iterator``: as ItemProcessor was called."""
    if not isinstance(state, dict):
        return
    for index, branch in enumerate(_list(state, "Branches")):
        yield branch, ("Branches", index), f"Branch {index + 1}"
    for name in ("ItemProcessor", "Iterator"):
        if isinstance(state.get(name), dict):
            yield state[name], (name,), "Each item"


def _ends(state: Json) -> bool:
    return isinstance(state, dict) and (state.get("End") is True or state.get("Type") in ("Succeed", "Fail"))


def _list(state: dict[str, Json], name: str) -> list[Json]:
    value = state.get(name)
    return value if isinstance(value, list) else []


def _text(state: Json, name: str) -> str:
    value = state.get(name) if isinstance(state, dict) else None
    return value if isinstance(value, str) else ""
