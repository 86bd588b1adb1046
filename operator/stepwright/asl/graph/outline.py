"""The picture as indented lines: each state, where it leads, and what it holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from stepwright.asl.graph.of_definition import Edge, Graph, Node

_NOWHERE: Final = "there is no such state"


def of_graph(graph: Graph) -> str:
    """Lines, each with its end."""
    return "".join(f"{line}\n" for line in _Outline(graph).scope(None, ""))


class _Outline:
    def __init__(self, graph: Graph) -> None:
        self._nodes = {node.id: node for node in graph.nodes}
        self._inside: defaultdict[str | None, list[Node]] = defaultdict(list)
        self._ways: defaultdict[str, list[Edge]] = defaultdict(list)
        for node in graph.nodes:
            self._inside[node.parent].append(node)
        for edge in graph.edges:
            self._ways[edge.source].append(edge)

    def scope(self, id: str | None, indent: str) -> Iterator[str]:
        for node in self._inside[id]:
            if node.kind == "start":
                yield from (f"{indent}Start {self._way(edge)}" for edge in self._ways[node.id])
            elif node.kind == "state":
                yield f"{indent}{self._titled(node)}"
                yield from self._below(node, indent + "  ")

    def _below(self, node: Node, indent: str) -> Iterator[str]:
        for held in self._inside[node.id]:
            yield f"{indent}{held.name}"
            yield from self.scope(held.id, indent + "  ")
        yield from (f"{indent}{self._way(edge)}" for edge in self._ways[node.id])

    def _titled(self, node: Node) -> str:
        kind = f"{node.type} ({node.label})" if node.label else node.type
        return f"{node.name}: {kind}" if kind else node.name

    def _way(self, edge: Edge) -> str:
        target = self._nodes[edge.target]
        led = f"-> {target.name} ({_NOWHERE})" if target.kind == "ghost" else f"-> {target.name}"
        match edge.kind:
            case "choice":
                return f"if {edge.label} {led}"
            case "default":
                return f"otherwise {led}"
            case "catch":
                return f"caught {edge.label} {led}"
        return led
