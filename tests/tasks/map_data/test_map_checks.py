"""What is found out about ItemReaders when a definition is checked."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.definition import check
from stepwright.asl.diagnostics import Diagnostic
from stepwright.tasks import table

URL = {
    "ApiEndpoint": "https://api.example.com/orders.csv",
    "Method": "GET",
    "InvocationConfig": {"ConnectionArn": "orders"},
}


def found(resource: str, parameters: dict[str, Any], **config: Any) -> tuple[Diagnostic, ...]:
    each: dict[str, Any] = {
        "Type": "Map",
        "ItemReader": {"Resource": resource, "Parameters": parameters, "ReaderConfig": config},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "S",
            "States": {"S": {"Type": "Pass", "End": True}},
        },
        "End": True,
    }
    return check({"StartAt": "Each", "States": {"Each": each}}, task_check=table.check_for({}))


@pytest.mark.parametrize(
    ("resource", "parameters"),
    [
        ("file:read", {"Path": "orders/2026.csv"}),
        ("file:read", {"Path.$": "$.path"}),
        ("file:read", {"Path": "${Folder}/orders.csv"}),
        ("arn:aws:states:::http:invoke", URL),
        ("arn:aws:states:::http:invoke", {**URL, "Headers": {"Accept": "text/csv"}}),
        ("arn:aws:states:::s3:getObject", {"Bucket": "b", "Key": "k"}),
        ("k8s:list", {"apiVersion": "v1", "kind": "Pod", "labelSelector": "app=shop"}),
        ("k8s:get", {"apiVersion": "v1", "kind": "ConfigMap", "name": "prices"}),
        ("${Reader}", {}),
    ],
)
def test_what_can_be_read_is_not_complained_of(resource: str, parameters: dict[str, Any]) -> None:
    assert found(resource, parameters, InputType="CSV", CSVHeaderLocation="FIRST_ROW") == ()


@pytest.mark.parametrize(
    ("resource", "parameters", "config", "message", "pointer"),
    [
        ("file:read", {}, {}, "The field 'Path' is required but was missing", "Parameters"),
        ("file:read", {"Path": "a", "Paht": "a"}, {}, "The field 'Paht' is not supported by file:read; is 'Path' meant?", "Parameters/Paht"),
        ("file:read", {"Path": "../a"}, {}, "Path must be that of a file below the folder that --files names, without '..'", "Parameters/Path"),
        ("file:read", {"Path": "/etc/passwd"}, {}, "Path must be that of a file below the folder that --files names, without '..'", "Parameters/Path"),
        ("file:read", {"Path": 1}, {}, "Path must be a text", "Parameters/Path"),
        ("file:read", {"Path": "a"}, {"InputType": "MANIFEST"}, "A manifest names objects of S3, which file:read does not read", "ReaderConfig/InputType"),
        ("file:read", {"Path": "a"}, {"Transformation": "LOAD_AND_FLATTEN"}, "Transformation is for objects of S3, which file:read does not read", "ReaderConfig/Transformation"),
        ("arn:aws:states:::http:invoke", {**URL, "Method": "POST"}, {}, "An ItemReader reads a URL by the Method GET", "Parameters/Method"),
        ("arn:aws:states:::http:invoke", {**URL, "RequestBody": {}}, {}, "An ItemReader sends no RequestBody", "Parameters/RequestBody"),
        ("arn:aws:states:::http:invoke", {**URL, "ApiEndpoint": "orders.csv"}, {}, "ApiEndpoint is not a whole URL (https://HOST/PATH)", "Parameters/ApiEndpoint"),
        ("k8s:list", {"apiVersion": "v1"}, {}, "k8s:list: the parameter kind is missing: a kind such as Deployment", "Parameters"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(
    resource: str, parameters: dict[str, Any], config: dict[str, Any], message: str, pointer: str
) -> None:
    assert [
        (each.severity, each.message, each.pointer) for each in found(resource, parameters, **config)
    ] == [("ERROR", message, f"/States/Each/ItemReader/{pointer}")]


def test_what_nobody_reads_by_is_warned_of() -> None:
    [warning] = found("arn:aws:states:::s3:headObject", {"Bucket": "b"})

    assert (warning.severity, warning.code) == ("WARNING", "NO_DRIVER")
    assert warning.message.startswith("An ItemReader reads by one of arn:aws:states:::s3:getObject, ")
