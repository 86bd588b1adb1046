"""YAML as JSON has it: without aliases, and without dates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml


class Aliased(Exception):  # noqa: N818 - it is a finding about the user's text
    """It uses an alias, which repeats something by its name."""


def load(text: str) -> Iterator[Any]:
    """All documents in it. Raises Aliased, YAMLError, ValueError, RecursionError."""
    return iter(yaml.load_all(text, _Plain))


class _Plain(yaml.SafeLoader):
    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise Aliased
        return super().compose_node(parent, index)


_Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
