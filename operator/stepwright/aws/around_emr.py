"""The API that Step Functions has around that of EMR (``arn:aws:states:::elasticmapreduce:``), as a model like botocore's: one cluster
where EMR takes some, one step, instance fleets and groups by their names.

Everything that these operations have in common with EMR's is taken from EMR's model, so it is as new as botocore is.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

NAME: Final = "elasticmapreduce"
"""Of the model; botocore has none of that name."""
AROUND: Final = "emr"

Members = dict[str, Any]


def model(emr: Mapping[str, Any]) -> dict[str, Any]:
    """``emr``: its model, as botocore's files have it."""
    shapes = emr["shapes"]

    def structure(members: Members, required: str = "") -> dict[str, Any]:
        return {"type": "structure", "members": members, "required": required.split()}

    def members_of(shape: str, *without: str) -> Members:
        return {name: member for name, member in shapes[shape]["members"].items() if name not in without}

    text = {"shape": "XmlStringMaxLen256"}
    cluster: Members = {"ClusterId": text}
    own = {
        # A cluster that ends with its last step would end before it has one.
        "LastingInstances": structure(members_of("JobFlowInstancesConfig"), "KeepJobFlowAliveWhenNoSteps"),
        "CreateClusterInput": structure(
            members_of("RunJobFlowInput", "Steps") | {"Instances": {"shape": "LastingInstances"}},
            "Name Instances",
        ),
        "CreateClusterOutput": structure(cluster),
        "TerminateClusterInput": structure(cluster, "ClusterId"),
        "SetClusterTerminationProtectionInput": structure(
            cluster | members_of("SetTerminationProtectionInput", "JobFlowIds"),
            "ClusterId TerminationProtected",
        ),
        "AddStepInput": structure(
            cluster
            | {"Step": {"shape": "StepConfig"}}
            | members_of("AddJobFlowStepsInput", "JobFlowId", "Steps"),
            "ClusterId Step",
        ),
        "AddStepOutput": structure({"StepId": text}),
        "CancelStepInput": structure(
            cluster | {"StepId": text} | members_of("CancelStepsInput", "ClusterId", "StepIds"),
            "ClusterId StepId",
        ),
        "CancelStepOutput": structure({"CancelStepsInfo": {"shape": "CancelStepsInfo"}}),
        "FleetChange": structure(members_of("InstanceFleetModifyConfig", "InstanceFleetId")),
        "ModifyInstanceFleetByNameInput": structure(
            cluster | {"InstanceFleetName": text, "InstanceFleet": {"shape": "FleetChange"}},
            "ClusterId InstanceFleetName InstanceFleet",
        ),
        "GroupChange": structure(members_of("InstanceGroupModifyConfig", "InstanceGroupId")),
        "ModifyInstanceGroupByNameInput": structure(
            cluster | {"InstanceGroupName": text, "InstanceGroup": {"shape": "GroupChange"}},
            "ClusterId InstanceGroupName InstanceGroup",
        ),
    }
    inputs = [name for name in own if name.endswith("Input")]
    operations = {
        operation: {
            "name": operation,
            "http": {"method": "POST", "requestUri": "/"},
            "input": {"shape": shape},
            **({"output": {"shape": f"{operation}Output"}} if f"{operation}Output" in own else {}),
        }
        for shape in inputs
        for operation in (shape.removesuffix("Input"),)
    }
    return {**emr, "operations": operations, "shapes": {**shapes, **own}}
