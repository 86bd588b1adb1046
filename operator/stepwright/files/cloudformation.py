"""Templates of CloudFormation, which are also those of SAM and what ``cdk synth`` writes.

The functions in a definition are evaluated as far as the template alone allows: defaults of parameters, names
and ARNs of functions, state machines and activities of the template itself, with the account 123456789012 in
us-east-1. What only a deployment knows becomes a placeholder: ``${Table.Arn}``.

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachine.html,
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-statemachine.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from stepwright.asl.definition.substitutions import Value
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.text import jsontext
from stepwright.files.found import Found, entries, member

_SERVERLESS: Final = "AWS::Serverless::StateMachine"
_MACHINES: Final = (_SERVERLESS, "AWS::StepFunctions::StateMachine")
_DEFINITIONS: Final = ("Definition", "DefinitionString", "DefinitionUri", "DefinitionS3Location")

_PSEUDO_PARAMETERS: Final = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::URLSuffix": "amazonaws.com",
}
_FUNCTION: Final = "arn:aws:lambda:us-east-1:123456789012:function:"
_STATES: Final = "arn:aws:states:us-east-1:123456789012:"
_ARNS: Final = {
    "AWS::Lambda::Function": _FUNCTION,
    "AWS::Serverless::Function": _FUNCTION,
    "AWS::StepFunctions::Activity": _STATES + "activity:",
    "AWS::Serverless::StateMachine": _STATES + "stateMachine:",
    "AWS::StepFunctions::StateMachine": _STATES + "stateMachine:",
}
_REF_IS_ARN: Final = ("AWS::StepFunctions::Activity", *_MACHINES)
_SUBSTITUTED: Final = re.compile(r"\$\{(!?)([^}]*)\}")


def state_machines(template: Json, values: Mapping[str, Value]) -> list[Found] | None:
    """By their logical names."""
    if not isinstance(template, dict):
        return None
    resources = [(name, entry) for name, entry in entries(template.get("Resources")) if "Type" in entry]
    if not resources:
        return None
    functions = Functions(template, values)
    found = [_machine(name, entry, functions) for name, entry in resources if entry["Type"] in _MACHINES]
    return found or [Found(None, Pointer(""), problem="CloudFormation template without a state machine")]


def _machine(name: str, resource: Mapping[str, Json], functions: Functions) -> Found:
    properties = resource.get("Properties")
    properties = properties if isinstance(properties, dict) else {}
    given = [each for each in _DEFINITIONS if each in properties]
    where = Pointer(f"/Resources/{name.replace('~', '~0').replace('/', '~1')}/Properties")
    if len(given) != 1:
        problem = f"{name} has {' and '.join(given) or 'no definition'}; one of {', '.join(_DEFINITIONS)} is expected"
        return Found(name, where, problem=problem)
    place = Pointer(f"{where}/{given[0]}")
    kind = properties.get("Type" if resource["Type"] == _SERVERLESS else "StateMachineType")
    substitutions = {
        key: value
        for key, given_value in _object(properties.get("DefinitionSubstitutions")).items()
        if isinstance(value := functions.applied(given_value), str | int)
    }
    found = functions.applied(properties[given[0]])
    if given[0] in ("DefinitionUri", "DefinitionS3Location"):
        if isinstance(found, str) and not found.startswith(("s3://", "https://")):
            return Found(name, place, file=found, substitutions=substitutions, express=kind == "EXPRESS")
        problem = f"the definition of {name} is in S3, not in this folder"
        return Found(name, place, problem=problem)
    inner = properties[given[0]]
    if isinstance(inner, dict) and isinstance(inner.get("Fn::Sub"), str):
        place = Pointer(f"{place}/Fn::Sub")
    return Found(name, place, found, substitutions=substitutions, express=kind == "EXPRESS")


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


class Functions:
    """CloudFormation's functions, as far as the template determines their values."""

    def __init__(self, template: Mapping[str, Json], values: Mapping[str, Value]) -> None:
        self._values = values
        self._parameters = dict(entries(template.get("Parameters")))
        self._mappings = template.get("Mappings")
        self._types = {
            name: str(resource.get("Type")) for name, resource in entries(template.get("Resources"))
        }
        self._functions: dict[str, Callable[[Json], Json]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::FindInMap": self._find_in_map,
            "Fn::ToJsonString": lambda value: jsontext.dump(self.applied(value)),
        }

    def applied(self, value: Json) -> Json:
        """The value with its functions evaluated."""
        if isinstance(value, list):
            return [self.applied(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            function = self._functions.get(name)
            if function is not None:
                return function(argument)
            if name.startswith("Fn::"):
                return f"${{{name.removeprefix('Fn::')}}}"
        return {name: self.applied(each) for name, each in value.items()}

    def _ref(self, argument: Json) -> Json:
        name = str(argument)
        if name in self._values:
            return self._values[name]
        if name in _PSEUDO_PARAMETERS:
            return _PSEUDO_PARAMETERS[name]
        default = self._parameters.get(name, {}).get("Default")
        if isinstance(default, str | int):
            return default
        kind = self._types.get(name, "")
        if kind in _REF_IS_ARN:
            return _ARNS[kind] + name
        return name if _ARNS.get(kind) == _FUNCTION else f"${{{name}}}"

    def _get_att(self, argument: Json) -> Json:
        path = ".".join(map(str, argument)) if isinstance(argument, list) else str(argument)
        if path in self._values:
            return self._values[path]
        name, _, attribute = path.partition(".")
        kind = self._types.get(name, "")
        return _ARNS[kind] + name if attribute == "Arn" and kind in _ARNS else f"${{{path}}}"

    def _sub(self, argument: Json) -> Json:
        text, given = (argument, {}) if isinstance(argument, str) else (None, {})
        if isinstance(argument, list) and argument and isinstance(argument[0], str):
            text = argument[0]
            given = {
                name: self.applied(value)
                for name, value in _object(argument[1] if len(argument) > 1 else None).items()
            }
        if text is None:
            return "${Sub}"

        def put_in(place: re.Match[str]) -> str:
            name = place[2].strip()
            if place[1]:
                return f"${{{name}}}"
            if name in given:
                return _as_text(given[name])
            return _as_text(self._get_att(name) if "." in name else self._ref(name))

        return _SUBSTITUTED.sub(put_in, text)

    def _join(self, argument: Json) -> Json:
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], list):
            return str(argument[0]).join(_as_text(self.applied(part)) for part in argument[1])
        return "${Join}"

    def _find_in_map(self, argument: Json) -> Json:
        names = self.applied(argument)
        found = member(self._mappings, *map(str, names)) if isinstance(names, list) else None
        return "${FindInMap}" if found is None else found


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else jsontext.dump(value)
