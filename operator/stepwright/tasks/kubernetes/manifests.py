"""Objects as people write them down: JSON, or the YAML of one object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

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


def of_job(given: Mapping[str, Any]) -> dict[str, Any]:
    """A Job as people give it where nothing else can stand: what it is, and a name, need not be said."""
    metadata = given.get("metadata") or {}
    if isinstance(metadata, dict) and not (metadata.get("name") or metadata.get("generateName")):
        metadata = {**metadata, "generateName": "job-"}
    return {"apiVersion": "batch/v1", "kind": "Job", **given, "metadata": metadata}


def problem_of_job(given: Mapping[str, Any]) -> str | None:
    job = of_job(given)
    said = (job["apiVersion"], job["kind"])
    return (
        problem(job)
        if said == ("batch/v1", "Job")
        else f"must be a Job of batch/v1, not {said[1]} of {said[0]}"
    )


def _parsed(text: str) -> Any:
    if len(text) > LONGEST_TEXT:
        raise BadManifest(f"must have at most {LONGEST_TEXT:,} characters")
    # Imported here: it takes a tenth of a second of the processor, and most definitions hold no YAML.
    import yaml  # noqa: PLC0415

    from stepwright.tasks.kubernetes.plain_yaml import Aliased, load  # noqa: PLC0415 - as above

    try:
        documents = [document for document in load(text) if document is not None]
    except Aliased as error:
        raise BadManifest("must not have aliases, of which a short text makes a huge object") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f", line {mark.line + 1}"
        raise BadManifest(f"is not YAML{where}: {getattr(error, 'problem', None) or error}") from error
    if len(documents) != 1:
        raise BadManifest(f"must hold one object, not {len(documents)}")
    return documents[0]
