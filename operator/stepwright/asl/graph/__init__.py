"""A definition as a picture: states and scopes as nodes, transitions as edges, whatever is wrong with it.

Belongs here: what is in the picture, and the picture as text. Not: where anything stands in it, and whether the definition is
valid. The console has the same in TypeScript (``console/src/graph``); both are held to ``tests/graph_cases``.
"""

from __future__ import annotations

from stepwright.asl.graph import mermaid, outline
from stepwright.asl.graph.of_definition import Edge, Graph, Node, graph_of

__all__ = ["Edge", "Graph", "Node", "graph_of", "mermaid", "outline"]
