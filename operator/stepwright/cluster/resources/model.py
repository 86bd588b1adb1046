"""What all models share: camelCase names, the strictness of each side, and the parts of a Kubernetes object."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

GROUP = "stepwright.dev"
VERSION = "v1"
API_VERSION = f"{GROUP}/{VERSION}"

DNS_NAME = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"

Name = Annotated[str, Field(min_length=1, max_length=253, pattern=DNS_NAME)]
"""The name of an object as Kubernetes allows it."""

Timestamp = datetime


def rules(*pairs: tuple[str, str]) -> dict[str, Any]:
    """CEL rules and their messages, as extra keywords of a schema: the API server refuses what breaks one."""
    return {"x-kubernetes-validations": [{"rule": rule, "message": message} for rule, message in pairs]}


def unchanged(field: str, message: str) -> tuple[str, str]:
    """A rule for the object that holds an optional ``field``: neither changed, nor added or removed later.

    A plain ``self == oldSelf`` on the field itself would not be evaluated when the field appears or
    disappears.
    """
    return (
        f"has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})",
        message,
    )


class Written(BaseModel):
    """What users write: an unknown field is an error, not a silent loss."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )


class Observed(Written):
    """What Kubernetes or the operator writes: a newer version may have added fields."""

    model_config = ConfigDict(extra="ignore")


class OwnerReference(Observed):
    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool = False


class ObjectMeta(Observed):
    """The parts of an object's metadata that Stepwright reads. A manifest not applied yet has few of them."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: Timestamp | None = None
    deletion_timestamp: Timestamp | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    finalizers: list[str] = Field(default_factory=list)
    owner_references: list[OwnerReference] = Field(default_factory=list)


class Condition(Observed):
    """One aspect of the object's state, in the form that all of Kubernetes uses."""

    type: Annotated[str, Field(max_length=316)]
    """Ready, Reconciling, Stalled or (Executions) Complete."""
    status: Literal["True", "False", "Unknown"]
    """Whether the condition holds."""
    observed_generation: Annotated[int, Field(ge=0)] | None = None
    """The metadata.generation that this describes."""
    last_transition_time: Timestamp
    """When status last changed."""
    reason: Annotated[str, Field(max_length=1024)]
    """Why, in one word for programs."""
    message: Annotated[str, Field(max_length=32768)]
    """Why, in a sentence for people."""


Conditions = Annotated[
    list[Condition],
    Field(
        default_factory=list,
        max_length=16,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    ),
]
