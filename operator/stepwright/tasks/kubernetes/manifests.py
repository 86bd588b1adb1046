"""Objects as people write them down: JSON, or the YAML of one object."""

from __future__ import annotations

from typing import Any, Final

import yaml

from stepwright.tasks.kubernetes import names

LONGEST_TEXT: Final = 262_144


class BadManifest(Exception):  # noqa: N818 - it is a finding about the user's text
    """It does not say what it is."""


def read(given: Any) -> dict[str, Any]:
    """A copy that may be changed. Raises BadManifest."""
    said = _parsed(given) if isinstance(given, str) else given
    if not isinstance(said, dict):
        raise BadManifest("must hold one object")
    for member, fits in (("apiVersion", names.is_api_version), ("kind", names.is_kind)):
        if not fits(said.get(member)):
            raise BadManifest(f"must say its {member}")
    metadata = said.get("metadata")
    if not isinstance(metadata, dict) or not (metadata.get("name") or metadata.get("generateName")):
        raise BadManifest("must have metadata.name or metadata.generateName")
    for member in ("name", "generateName"):
        if not names.is_name(metadata.get(member) or "x"):
            raise BadManifest(f"must have a name as metadata.{member}")
    if not names.is_namespace(metadata.get("namespace") or "x"):
        raise BadManifest("must have the name of a namespace as metadata.namespace")
    for member in ("labels", "annotations"):
        if not isinstance(metadata.get(member) or {}, dict):
            raise BadManifest(f"must have an object as metadata.{member}")
    return {**said, "metadata": {**metadata, "annotations": {**(metadata.get("annotations") or {})}}}


def problem(given: Any) -> str | None:
    """What is wrong with one in a definition, after its name."""
    try:
        read(given)
    except BadManifest as error:
        return str(error)
    return None


def _parsed(text: str) -> Any:
    if len(text) > LONGEST_TEXT:
        raise BadManifest(f"must have at most {LONGEST_TEXT:,} characters")
    try:
        documents = [document for document in yaml.load_all(text, _Plain) if document is not None]
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f", line {mark.line + 1}"
        raise BadManifest(f"is not YAML{where}: {getattr(error, 'problem', None) or error}") from error
    if len(documents) != 1:
        raise BadManifest(f"must hold one object, not {len(documents)}")
    return documents[0]


class _Plain(yaml.SafeLoader):
    """Without aliases, and without dates, which JSON does not have."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise BadManifest("must not have aliases, of which a short text makes a huge object")
        return super().compose_node(parent, index)


_Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
