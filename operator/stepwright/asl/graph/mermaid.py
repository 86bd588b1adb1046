"""The picture as a flowchart of Mermaid, which GitHub, GitLab and many editors draw: https://mermaid.js.org/syntax/flowchart.html."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from stepwright.asl.graph.of_definition import Edge, Graph, Node

_SPECIAL: Final = re.compile(r"[\"#<>&`;\\{}\x00-\x1f\x7f]")
"""What Mermaid, or the HTML that it makes, would take for more than a character."""

_ARROWS: Final = {"catch": "-.->"}


def of_graph(graph: Graph) -> str:
    """Lines, each with its end."""
    linked = {id for edge in graph.edges for id in (edge.source, edge.target)}
    shown = [node for node in graph.nodes if node.kind not in ("start", "end") or node.id in linked]
    names = {node.id: f"n{number}" for number, node in enumerate(shown)}
    inside: defaultdict[str | None, list[Node]] = defaultdict(list)
    for node in shown:
        inside[node.parent].append(node)
    lines = ["flowchart TD"]
    lines += [line for node in inside[None] for line in _node(node, names, inside, "  ")]
    lines += [f"  {_edge(edge, names)}" for edge in graph.edges]
    if any(node.kind == "ghost" for node in shown):
        lines.append("  classDef ghost stroke:#c00,stroke-dasharray:4")
    return "".join(f"{line}\n" for line in lines)


def _node(
    node: Node, names: dict[str, str], inside: dict[str | None, list[Node]], indent: str
) -> Iterator[str]:
    name, held = names[node.id], inside.get(node.id, [])
    if held or node.kind == "scope":
        yield f'{indent}subgraph {name}["{_title(node)}"]'
        for inner in held:
            yield from _node(inner, names, inside, indent + "  ")
        yield f"{indent}end"
    else:
        yield f"{indent}{name}{_shaped(node)}"


def _shaped(node: Node) -> str:
    title = _title(node)
    if node.kind in ("start", "end") or node.type in ("Succeed", "Fail"):
        return f'(["{title}"])'
    if node.type == "Choice":
        return f'{{"{title}"}}'
    return f'["{title}"]' + (":::ghost" if node.kind == "ghost" else "")


def _title(node: Node) -> str:
    return "<br/>".join(_text(part) for part in (node.name, node.label) if part) or " "


def _edge(edge: Edge, names: dict[str, str]) -> str:
    label = f'|"{_text(edge.label)}"|' if edge.label else ""
    return f"{names[edge.source]} {_ARROWS.get(edge.kind, '-->')}{label} {names[edge.target]}"


def _text(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"#{ord(found[0])};" if found[0] >= " " else " ", text)
