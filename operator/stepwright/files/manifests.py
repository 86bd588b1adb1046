"""Kubernetes manifests: StateMachines of this API group, alone or in a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeGuard

from stepwright.asl.json_types import Json, Pointer
from stepwright.files.found import Found, member

_API_GROUP: Final = "stepwright.dev/"
_KIND: Final = "StateMachine"


def state_machines(value: Json) -> list[Found] | None:
    """For a manifest of another kind, its name as the problem of a definition without a name."""
    return list(_state_machines(value, "")) if _is_manifest(value) else None


def _state_machines(manifest: dict[str, Json], pointer: str) -> Iterator[Found]:
    items, kind = manifest.get("items"), str(manifest["kind"])
    if kind.endswith("List") and isinstance(items, list):
        for index, item in enumerate(items):
            where = f"{pointer}/items/{index}"
            if _is_manifest(item):
                yield from _state_machines(item, where)
            else:
                yield Found(None, Pointer(where), item)
    elif kind == _KIND and str(manifest["apiVersion"]).startswith(_API_GROUP):
        yield _state_machine(manifest, pointer)
    else:
        name = member(manifest, "metadata", "name")
        yield Found(None, Pointer(pointer), problem=f"{kind} {name}" if isinstance(name, str) else kind)


def _state_machine(manifest: dict[str, Json], pointer: str) -> Found:
    name, spec = member(manifest, "metadata", "name"), manifest.get("spec")
    name = name if isinstance(name, str) else None
    where = Pointer(f"{pointer}/spec/definition")
    if not isinstance(spec, dict) or "definition" not in spec:
        return Found(name, where, problem="The StateMachine has no spec.definition", manifest=True)
    given = spec.get("definitionSubstitutions")
    return Found(
        name,
        where,
        spec["definition"],
        substitutions=dict(given) if isinstance(given, dict) else {},  # type: ignore[arg-type]  # checked when put in
        express=str(spec.get("type", "")).upper() == "EXPRESS",
        manifest=True,
        spec={key: value for key, value in spec.items() if key != "definition"},
    )


def problems(spec: Mapping[str, Json]) -> Iterator[tuple[Pointer, str]]:
    """What the API server would refuse in a StateMachine's spec, apart from the definition itself."""
    # Imported here: plain definitions are checked without pydantic.
    from pydantic import ValidationError  # noqa: PLC0415

    from stepwright.cluster.resources.state_machine import StateMachineSpec  # noqa: PLC0415

    try:
        StateMachineSpec.model_validate(spec)
    except ValidationError as error:
        for found in error.errors(include_url=False, include_context=False, include_input=False):
            place = found["loc"]
            if place[0] == "definitionSubstitutions" and len(place) > 1:
                continue  # reported when they are put in
            pointer = "".join(f"/{str(token).replace('~', '~0').replace('/', '~1')}" for token in place)
            yield Pointer(pointer), _SENTENCES.get(found["type"], found["msg"])


_SENTENCES: Final = {
    "extra_forbidden": "StateMachines have no such field",
    "missing": "The field is missing",
}


def _is_manifest(value: Json) -> TypeGuard[dict[str, Json]]:
    return (
        isinstance(value, dict)
        and isinstance(value.get("apiVersion"), str)
        and isinstance(value.get("kind"), str)
    )
