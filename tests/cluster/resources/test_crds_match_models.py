"""The checked-in CRDs are those of the models, and such as the API server and people want them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stepwright.cluster import crds
from stepwright.cluster.resources import KINDS
from stepwright.cluster.resources.model import Written
from stepwright.kube.schema import NotStructural, structural

CHECKOUT = Path(__file__).parents[3]
SCHEMAS = {kind.name: structural(kind.model) for kind in KINDS}


def fields(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema below one, with its path."""
    yield path, schema
    for name, field in schema.get("properties", {}).items():
        yield from fields(field, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if key in schema:
            yield from fields(schema[key], f"{path}[]")


def written_by_users() -> list[Any]:
    specs = {
        kind: SCHEMAS[kind]["properties"]["spec"]
        for kind in ("StateMachine", "Execution", "TaskTemplate", "Connection")
    }
    return [
        pytest.param(field, id=path)
        for kind, spec in specs.items()
        for path, field in fields(spec, f"{kind}.spec")
    ]


def explained() -> list[Any]:
    own = {
        name: {**schema, "properties": {n: f for n, f in schema["properties"].items() if n != "metadata"}}
        for name, schema in SCHEMAS.items()
    }
    return [
        pytest.param(name, field, id=f"{path}.{name}")
        for kind, schema in own.items()
        for path, parent in fields(schema, kind)
        for name, field in parent.get("properties", {}).items()
        if name not in ("apiVersion", "kind")
    ]


@pytest.mark.parametrize("folder", crds.FOLDERS)
def test_files_are_those_of_the_models(folder: str) -> None:
    stored = {path.name: path.read_text() for path in (CHECKOUT / folder).iterdir()}

    assert crds.files() == stored, "run `make generate`"


@pytest.mark.parametrize("text", crds.files().values(), ids=crds.files())
def test_a_file_is_small_and_holds_one_crd(text: str) -> None:
    documents = list(yaml.safe_load_all(text))

    assert [document["kind"] for document in documents] == ["CustomResourceDefinition"]
    assert len(text.encode()) < 200 * 1024


@pytest.mark.parametrize(("name", "field"), explained())
def test_kubectl_explain_has_something_to_say(name: str, field: dict[str, Any]) -> None:
    description = field.get("description", "")

    assert description, f"{name} has no description"
    assert description.endswith((".", "_"))


@pytest.mark.parametrize("field", written_by_users())
def test_what_users_write_has_limits(field: dict[str, Any]) -> None:
    if field.get("x-kubernetes-preserve-unknown-fields") or field.get("x-kubernetes-int-or-string"):
        assert field.keys() & {"maxLength", "maxProperties"}
    elif field["type"] == "string":
        assert "maxLength" in field or "enum" in field
    elif field["type"] == "array":
        assert "maxItems" in field
    elif "additionalProperties" in field:
        assert "maxProperties" in field


def test_a_null_input_is_kept() -> None:
    assert SCHEMAS["Execution"]["properties"]["spec"]["properties"]["input"]["nullable"] is True


def test_reads_show_a_new_execution_as_pending_at_seq_0() -> None:
    default = SCHEMAS["Execution"]["properties"]["status"]["default"]

    assert (default["phase"], default["seq"]) == ("Pending", 0)


def test_names_and_selectable_fields_are_those_users_rely_on() -> None:
    manifests = {kind.name: crds.manifest(kind)["spec"] for kind in KINDS}
    execution = manifests["Execution"]["versions"][0]

    assert {name: spec["names"]["shortNames"] for name, spec in manifests.items()} == {
        "StateMachine": ["sm"],
        "Execution": ["exec"],
        "ExecutionHistory": ["exechist"],
        "TaskTemplate": ["tt"],
        "Connection": ["conn"],
        "ExternalTask": ["etask"],
    }
    assert [field["jsonPath"] for field in execution["selectableFields"]] == [
        ".status.phase",
        ".status.settled",
        ".spec.stateMachineRef.name",
    ]
    history = manifests["ExecutionHistory"]["versions"][0]
    assert history["selectableFields"] == [{"jsonPath": ".content"}]
    assert [
        column["name"] for column in execution["additionalPrinterColumns"] if "priority" not in column
    ] == ["Phase", "State Machine", "Current State", "Started", "Duration"]


def test_a_model_that_no_crd_can_express_is_refused() -> None:
    class Either(Written):
        value: int | list[str]

    with pytest.raises(NotStructural) as refused:
        structural(Either)

    assert str(refused.value) == "Either.value: a choice between types cannot be written in a CRD"
