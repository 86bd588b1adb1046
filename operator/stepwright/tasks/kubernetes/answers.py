"""Objects as results of tasks.

``metadata.managedFields`` is left out: it is often half of an object, and says nothing about it. Values of Secrets never become
a result: more people may read an execution's history than Secrets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.limits import Limits
from stepwright.asl.text import jsontext
from stepwright.tasks.calls.integration import Answered
from stepwright.tasks.kubernetes import errors, selecting

LARGEST_BYTES: Final = Limits().payload_bytes

_SECRET: Final = ("data", "stringData")


def of_object(found: Mapping[str, Any], select: Sequence[str] | None = None) -> Json:
    return _selected(_plain(found), select)


def of_list(answer: Mapping[str, Any], select: Sequence[str] | None = None) -> Json:
    """``items``, and in ``metadata`` what the next page is asked for with. Items of a list do not say what they are."""
    api_version, kind = str(answer.get("apiVersion")), str(answer.get("kind"))
    of_items = {"apiVersion": api_version, "kind": kind.removesuffix("List")}
    items = [_selected(_plain({**of_items, **item}), select) for item in answer.get("items") or ()]
    given = answer.get("metadata") or {}
    metadata = {
        name: given[name] for name in ("continue", "remainingItemCount", "resourceVersion") if given.get(name)
    }
    return {"items": items, "metadata": metadata}


def answered(value: Json) -> Answered:
    """Raises CallFailed (States.DataLimitExceeded)."""
    text = jsontext.dump(value)
    if (size := jsontext.size_bytes(text)) > LARGEST_BYTES:
        raise errors.too_large(f"The answer has {size:,} bytes")
    return Answered(value, text)


def _selected(found: dict[str, Any], select: Sequence[str] | None) -> Json:
    return selecting.kept(found, selecting.tree(select)) if select else found


def _plain(found: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {
        name: value for name, value in (found.get("metadata") or {}).items() if name != "managedFields"
    }
    plain = {**found, "metadata": metadata} if "metadata" in found else dict(found)
    return without_secrets(plain)


def without_secrets(found: dict[str, Any]) -> dict[str, Any]:
    """The object with null in the place of what nobody but its readers may see."""
    match found.get("kind"):
        case "Secret":
            hidden = {
                name: dict.fromkeys(found[name]) for name in _SECRET if isinstance(found.get(name), dict)
            }
            return _without_last_applied({**found, **hidden})
        case "TokenRequest" if isinstance(found.get("status"), dict) and "token" in found["status"]:
            return {**found, "status": {**found["status"], "token": None}}
        case "SecretList" if isinstance(found.get("items"), list):
            items = [without_secrets({**item, "kind": "Secret"}) for item in found["items"]]
            return {**found, "items": items}
    return found


def _without_last_applied(found: dict[str, Any]) -> dict[str, Any]:
    """``kubectl apply`` keeps a copy of all values in an annotation."""
    metadata = found.get("metadata") or {}
    annotations = {
        name: value
        for name, value in (metadata.get("annotations") or {}).items()
        if name != "kubectl.kubernetes.io/last-applied-configuration"
    }
    return (
        {**found, "metadata": {**metadata, "annotations": annotations}}
        if "annotations" in metadata
        else found
    )
