"""Calls the API that Step Functions has around that of EMR (``aws.around_emr``) by EMR's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from stepwright.aws.calling import Client, ServiceAnswer, ServiceRefused

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AroundEmr:
    """Implements ``aws.calling.Client``, by one of EMR."""

    emr: Client

    def call(self, operation: str, given: Object) -> ServiceAnswer:
        cluster = given.get("ClusterId")
        others = {name: value for name, value in given.items() if name != "ClusterId"}
        match operation:
            case "CreateCluster":
                said = self.emr.call("RunJobFlow", given)
                return replace(said, members={"ClusterId": said.members["JobFlowId"]})
            case "TerminateCluster":
                return self.emr.call("TerminateJobFlows", {"JobFlowIds": [cluster]})
            case "SetClusterTerminationProtection":
                return self.emr.call("SetTerminationProtection", {"JobFlowIds": [cluster], **others})
            case "AddStep":
                step = others.pop("Step")
                said = self.emr.call("AddJobFlowSteps", {"JobFlowId": cluster, "Steps": [step], **others})
                return replace(said, members={"StepId": said.members["StepIds"][0]})
            case "CancelStep":
                step = others.pop("StepId")
                said = self.emr.call("CancelSteps", {"ClusterId": cluster, "StepIds": [step], **others})
                return replace(said, members={"CancelStepsInfo": said.members["CancelStepsInfoList"][0]})
            case "ModifyInstanceFleetByName":
                fleet = self._id("InstanceFleet", cluster, given["InstanceFleetName"])
                change = {**given["InstanceFleet"], "InstanceFleetId": fleet}
                return self.emr.call("ModifyInstanceFleet", {"ClusterId": cluster, "InstanceFleet": change})
            case "ModifyInstanceGroupByName":
                group = self._id("InstanceGroup", cluster, given["InstanceGroupName"])
                change = {**given["InstanceGroup"], "InstanceGroupId": group}
                return self.emr.call(
                    "ModifyInstanceGroups", {"ClusterId": cluster, "InstanceGroups": [change]}
                )
        raise AssertionError(operation)

    def _id(self, kind: str, cluster: Any, name: str) -> str:
        """Of the instance fleet or group of a cluster that has this name."""
        marker: dict[str, Any] = {}
        while True:
            page = self.emr.call(f"List{kind}s", {"ClusterId": cluster, **marker}).members
            for known in page.get(f"{kind}s", ()):
                if known.get("Name") == name:
                    return str(known["Id"])
            if not page.get("Marker"):
                why = f"The cluster {cluster} has no {kind} with the name {name}"
                code = "InvalidRequestException"
                raise ServiceRefused(code, why, shape=code, status=400, request_id="null")
            marker = {"Marker": page["Marker"]}
