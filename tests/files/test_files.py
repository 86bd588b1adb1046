"""Definitions in the files that people have: templates of AWS's tools, Terraform, what the API prints, and half-done JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stepwright.asl.definition.pointers import ROOT
from stepwright.cli import application
from stepwright.files.checked import Checked
from stepwright.files.definitions import check_text

PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
TEXT = json.dumps(PASS)

SAM = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Wait: {Type: Number, Default: 5}
Resources:
  Charge:
    Type: AWS::Serverless::Function
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties:
      Type: EXPRESS
      DefinitionSubstitutions: {Name: !Ref Orders, Seconds: !Ref Wait}
      Definition:
        StartAt: A
        States:
          A:
            Type: Task
            Resource: !GetAtt Charge.Arn
            Parameters: {table: "${Name}", region: !Ref AWS::Region, sub: !Sub "${Charge}-${!kept}-${Orders.Arn}"}
            End: true
"""
CDK = {
    "Resources": {
        "FlowE0": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "DefinitionString": {
                    "Fn::Join": [
                        "",
                        [
                            '{"StartAt":"A","States":{"A":{"Type":"Task","End":true,"Resource":"arn:',
                            {"Ref": "AWS::Partition"},
                            ':states:::lambda:invoke","Parameters":{"FunctionName":"',
                            {"Fn::GetAtt": ["FnB1", "Arn"]},
                            '"}}}}',
                        ],
                    ]
                }
            },
        },
        "FnB1": {"Type": "AWS::Lambda::Function"},
    }
}
SERVERLESS = """\
service: x
functions: {charge: {handler: a.b}}
stepFunctions:
  stateMachines:
    flow:
      definition:
        StartAt: A
        States: {A: {Type: Task, Resource: {Fn::GetAtt: [charge, Arn]}, End: true}}
"""
TF_STATE = {
    "terraform_version": "1.9.0",
    "resources": [
        {"type": "aws_sfn_state_machine", "name": "flow", "instances": [{"attributes": {"definition": TEXT}}]}
    ],
}
TF_SHOW = {
    "values": {
        "root_module": {
            "child_modules": [
                {
                    "resources": [
                        {"type": "aws_sfn_state_machine", "name": "flow", "values": {"definition": TEXT}}
                    ]
                }
            ]
        }
    }
}
HCL = f"""\
resource "aws_sfn_state_machine" "flow" {{
  name       = "flow"
  definition = <<-EOT
  {TEXT}
  EOT
}}
"""


def checked(name: str, text: Any, **options: Any) -> list[Checked]:
    return check_text(name, text if isinstance(text, str) else json.dumps(text), **options).definitions


def resource(found: Checked) -> str:
    state = found.machine().scopes[ROOT].states["A"]
    return state.resource.text  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "text", "called"),
    [
        ("template.yaml", SAM, "Flow"),
        ("Stack.template.json", CDK, "FlowE0"),
        ("serverless.yml", SERVERLESS, "flow"),
        ("main.tf.json", {"resource": {"aws_sfn_state_machine": {"flow": {"definition": TEXT}}}}, "flow"),
        ("terraform.tfstate.json", TF_STATE, "flow"),
        ("show.json", TF_SHOW, "flow"),
        ("main.tf", HCL, "flow"),
        ("describe.json", {"name": "flow", "stateMachineArn": "arn", "definition": TEXT}, "flow"),
        ("definition.json", json.dumps(TEXT), None),
    ],
)
def test_a_definition_is_found_in_what_tools_keep(name: str, text: Any, called: str | None) -> None:
    (found,) = checked(name, text)

    assert (found.name, found.diagnostics if "template.yaml" not in name else ()) == (called, ())
    assert found.machine().scopes[ROOT].start_at == "A"


def test_functions_of_cloudformation_are_carried_out_as_far_as_the_template_tells() -> None:
    (sam,), (cdk,) = checked("template.yaml", SAM), checked("t.json", CDK)

    assert resource(sam) == "arn:aws:lambda:us-east-1:123456789012:function:Charge"
    assert isinstance(sam.definition, dict)
    assert sam.definition["States"]["A"]["Parameters"] == {  # type: ignore[index,call-overload]
        "table": "${Orders}",
        "region": "us-east-1",
        "sub": "Charge-${kept}-${Orders.Arn}",
    }
    assert {(each.code, each.line) for each in sam.diagnostics} == {("UNRESOLVED_SUBSTITUTION", 18)}
    assert resource(cdk) == "arn:aws:states:::lambda:invoke"


def test_values_of_the_reader_win_over_those_of_the_template() -> None:
    (found,) = checked("template.yaml", SAM, values={"Orders": "orders", "Orders.Arn": "arn:x", "kept": "k"})

    assert found.definition["States"]["A"]["Parameters"] == {  # type: ignore[index,call-overload]
        "table": "orders",
        "region": "us-east-1",
        "sub": "Charge-k-arn:x",
    }
    assert found.diagnostics == ()


def test_a_definition_in_another_file_is_read_from_beside_the_template(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(
        "Resources:\n  Flow:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n"
        "      DefinitionUri: flow/a.asl.json\n      DefinitionSubstitutions: {S: 5}\n"
        "  Gone:\n    Type: AWS::Serverless::StateMachine\n    Properties: {DefinitionUri: gone.json}\n"
        "  Far:\n    Type: AWS::Serverless::StateMachine\n    Properties: {DefinitionUri: s3://b/k}\n"
    )
    (tmp_path / "flow").mkdir()
    (tmp_path / "flow" / "a.asl.json").write_text(
        '{"StartAt": "A",\n "States": {"A": {"Type": "Wait", "Seconds": ${S}, "Next": "B"}}}'
    )

    flow, gone, far = checked(str(template), template.read_text())

    assert flow.file == str(tmp_path / "flow" / "a.asl.json")
    assert [(each.line, each.code) for each in flow.diagnostics] == [
        (2, "MISSING_TRANSITION_TARGET"),
        (1, "MISSING_END_STATE"),
    ]
    assert [(each.line, each.message[:43]) for each in gone.diagnostics] == [
        (9, "gone.json, which has the definition, cannot")
    ]
    assert [each.message for each in far.diagnostics] == [
        "the definition of Far is in S3, not in this folder"
    ]


def test_what_is_not_json_but_yaml_is_warned_about() -> None:
    for text in (
        '{"StartAt": "A",\n "States": {"A": {"Type": "Pass", "End": true},}}',
        '{"StartAt": "A",\n "States": {"A": {"Type": "Wait", "Seconds": ${S}, "End": true}}}',
        "{'StartAt': 'A', # single quotes\n 'States': {'A': {'Type': 'Pass', 'End': true}}}",
    ):
        (found,) = checked("a.asl.json", text, values={})

        assert found.is_valid
        assert found.diagnostics[0].code == "NOT_JSON"
        assert found.diagnostics[0].line is not None
    (given,) = checked(
        "a.asl.json",
        '{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": ${S}, "End": true}}}',
        values={"S": 5},
    )
    assert given.diagnostics == ()
    assert given.machine().scopes[ROOT].states["A"].seconds == 5  # type: ignore[union-attr]


def test_what_is_neither_json_nor_yaml_is_refused_as_json() -> None:
    (found,) = checked("a.json", '{"StartAt": "A" "States": {}}')

    assert [each.code for each in found.diagnostics] == ["INVALID_JSON_DESCRIPTION"]


def test_what_the_cluster_would_refuse_of_a_manifest_is_refused() -> None:
    text = (
        "apiVersion: stepwright.dev/v1\nkind: StateMachine\nmetadata: {name: a}\nspec:\n  type: EXPRESS\n"
        "  definitoinSubstitutions: {A: b}\n  definitionSubstitutions: {A: 1.5}\n"
        "  definition: {StartAt: A, States: {A: {Type: Pass, End: true}}}\n"
    )
    (found,) = checked("a.yaml", text)
    (other,) = checked("a.yaml", text.replace("{A: 1.5}", "{A: 1, B: true, C: c}"))

    assert [(each.line, each.message) for each in found.diagnostics] == [
        (8, "The substitution for 'A' must be a text, a whole number, true or false, not float")
    ]
    assert [
        (each.line, each.code, each.message) for each in other.diagnostics if each.severity == "ERROR"
    ] == [
        (5, "INVALID_MANIFEST", "Input should be 'Standard' or 'Express'"),
        (6, "INVALID_MANIFEST", "StateMachines have no such field"),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "Comment: !!python/object:os.system x",
            "the tag !!python/object:os.system is not known; values have no tags",
        ),
        ("Comment: !mine x", "the tag !mine is not known; values have no tags"),
        ("Comment: !Sub x", "the tag !Sub has a meaning only in a template of CloudFormation or SAM"),
    ],
)
def test_tags_of_yaml_are_refused(line: str, message: str) -> None:
    (found,) = checked("a.yaml", f"StartAt: A\n{line}\nStates: {{A: {{Type: Succeed}}}}\n")

    assert [(each.message, each.line) for each in found.diagnostics] == [(message, 2)]


def test_a_template_without_a_state_machine_is_named() -> None:
    found = check_text("t.json", json.dumps({"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}))

    assert (found.definitions, [said for _, said in found.skipped]) == (
        [],
        ["CloudFormation template without a state machine"],
    )


def test_what_nothing_runs_is_told_once() -> None:
    task: dict[str, Any] = {"Type": "Task", "Resource": "acme:deliver"}
    states = {f"S{n}": task | {"Next": f"S{n + 1}"} for n in range(5)}
    states["S5"] = {"Type": "Task", "Resource": "acme:collect", "End": True}
    (found,) = checked("a.json", {"StartAt": "S0", "States": states})

    assert [each.message for each in found.diagnostics] == [
        (
            "No driver serves 'acme:deliver': its tasks run only where they are mocked; No driver serves"
            " 'acme:collect': its tasks run only where they are mocked (6 tasks in all)"
        )
    ]


def test_a_folder_is_looked_through(tmp_path: Path) -> None:
    (tmp_path / "deep" / "node_modules").mkdir(parents=True)
    (tmp_path / "deep" / "a.json").write_text(TEXT)
    (tmp_path / "b.asl.yaml").write_text("StartAt: A\nStates: {A: {Type: Pass}}\n")
    (tmp_path / "template.yaml").write_text(SAM)
    (tmp_path / "deep" / "node_modules" / "c.asl.json").write_text("{}")
    (tmp_path / "package.json").write_text('{"name": "StateMachine"}')
    (tmp_path / "chart.yaml").write_text("a: {{ .Values.StateMachine }}\n")

    result = CliRunner().invoke(application(), ["validate", str(tmp_path)])

    assert result.exit_code == 1
    assert f"{tmp_path / 'b.asl.yaml'}:2:10: ERROR SCHEMA_VALIDATION_FAILED: One of" in result.stdout
    assert "3 definitions checked, 2 valid, 1 invalid" in result.stdout


def test_nothing_in_the_output_controls_a_terminal_or_a_ci_system(tmp_path: Path) -> None:
    name = "A\x1b]0;title\x07\n::error::forged\x85##[error]x"
    (tmp_path / "a.json").write_text(json.dumps({"StartAt": name, "States": {}, name: 1}))

    for command in (["validate"], ["run"]):
        result = CliRunner().invoke(application(), [*command, str(tmp_path / "a.json")])

        for text in (result.stdout, result.stderr):
            assert not {
                character
                for character in text
                if (character != "\n" and ord(character) < 32) or 127 <= ord(character) < 160
            }
            assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]
            assert "##[" not in text
