"""From a pydantic model to a structural schema: the JSON schema that Kubernetes accepts in a CRD.

Pydantic writes JSON Schema with ``$ref``, ``anyOf [X, null]`` and ``const``; Kubernetes wants one plain tree. Three
of its rules shape what is here: no references, no ``null`` alternatives (an optional field is one that is left out),
and no ``additionalProperties: false`` (unknown fields are pruned, or refused by the client's strict validation).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

_OF_PYTHON = frozenset({"title", "$defs", "discriminator"})


class NotStructural(Exception):  # noqa: N818 - names what the schema is
    """A model says something that a CRD cannot express."""


def structural(model: type[BaseModel]) -> Schema:
    """The model's schema as a structural one, keys in the order in which the model declares its fields."""
    whole = model.model_json_schema(by_alias=True, mode="validation")
    return _plain(whole, whole.get("$defs", {}), model.__name__)


def _plain(schema: Mapping[str, Any], definitions: Mapping[str, Schema], where: str) -> Schema:
    schema = _resolved(schema, definitions, where)
    if schema.get("default", "") is None:
        del schema["default"]  # an optional field is one that is left out
    if schema.get("x-kubernetes-int-or-string"):
        return _described(schema)
    if "anyOf" in schema or "oneOf" in schema or "allOf" in schema:
        raise NotStructural(f"{where}: a choice between types cannot be written in a CRD")
    plain: Schema = {}
    for key, value in _described(schema).items():
        if key == "properties":
            plain[key] = {
                name: _plain(field, definitions, f"{where}.{name}") for name, field in value.items()
            }
        elif key in ("items", "additionalProperties"):
            if value is not False:
                plain[key] = _plain(value, definitions, f"{where}[]")
        elif key == "const":
            plain["enum"] = [value]
        else:
            plain[key] = value
    if "type" not in plain and not plain.get("x-kubernetes-preserve-unknown-fields"):
        raise NotStructural(f"{where}: a field needs a type, or must preserve unknown fields")
    return plain


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Schema], where: str) -> Schema:
    """The schema without references and without a ``null`` alternative; keys beside them override theirs."""
    resolved = {key: value for key, value in schema.items() if key not in _OF_PYTHON}
    while True:
        if "$ref" in resolved:
            inner = definitions[resolved.pop("$ref").removeprefix("#/$defs/")]
        elif "anyOf" in resolved and not resolved.get("x-kubernetes-int-or-string"):
            choices = [c for c in resolved.pop("anyOf") if c != {"type": "null"}]
            if len(choices) != 1:
                raise NotStructural(f"{where}: a choice between types cannot be written in a CRD")
            inner = choices[0]
        else:
            return resolved
        resolved = {**{key: value for key, value in inner.items() if key not in _OF_PYTHON}, **resolved}


def _described(schema: Mapping[str, Any]) -> Schema:
    """The schema with its description first and on one line, for readers of the CRD and of ``kubectl
    explain``."""
    text = " ".join(str(schema.get("description", "")).split())
    rest = {key: value for key, value in schema.items() if key != "description"}
    return {"description": text, **rest} if text else rest
