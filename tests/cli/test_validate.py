"""``stepwright validate``, as people run it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from stepwright import __version__
from stepwright.cli import application

VALID = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
INVALID = """{
  "StartAt": "A",
  "States": {
    "A": {"Type": "Pass", "Nxt": "B"}
  }
}
"""
MANIFESTS = """\
# comment
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
---
apiVersion: stepwright.dev/v1
kind: StateMachine
metadata: {name: as-object}
spec:
  definition:
    StartAt: A
    States:
      A:
        Type: Task
        Resource: k8s:job
        TimeoutSeconds: 0
        Parameters: {image: example/a:1}
        End: true
---
apiVersion: stepwright.dev/v1
kind: StateMachine
metadata: {name: as-text}
spec:
  type: Express
  definition: |
    {
      "StartAt": "A",
      "States": {
        "A": {"Type": "Pass", "End": true, "Retry": []}
      }
    }
"""


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(application(("validate", "version")), list(arguments), input=text)


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def write(name: str, text: str) -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return write


def test_a_valid_definition_exits_with_0(file: Any) -> None:
    result = run("validate", file("a.json", VALID))

    assert (result.exit_code, result.stdout) == (0, "1 definition checked, 1 valid\n")


def test_an_invalid_definition_exits_with_1_and_names_each_line(file: Any) -> None:
    name = file("a.json", INVALID)

    result = run("validate", name)

    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{name}:4:27: ERROR SCHEMA_VALIDATION_FAILED: Field 'Nxt' is not supported; did you mean 'Next'? at /States/A",
        f"{name}:4:5: ERROR SCHEMA_VALIDATION_FAILED: One of these fields is required: [Next, End] at /States/A",
        f"{name}:1:1: ERROR MISSING_END_STATE: Workflow has no terminal state at /",
        "1 definition checked, 0 valid, 1 invalid, 3 errors",
    ]


def test_warnings_are_shown_and_allowed(file: Any) -> None:
    name = file("a.json", '{"StartAt": "A", "States": {"A": {"Type": "Fail", "Cause": "$.c"}}}')

    result = run("validate", name)

    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "1 definition checked, 1 valid, 1 warning"


def test_a_file_that_is_missing_exits_with_2_and_the_others_are_checked(file: Any) -> None:
    name = file("a.json", INVALID)

    result = run("validate", name, "none.json")

    assert result.exit_code == 2
    assert "none.json: cannot be read: No such file or directory" in result.stderr
    assert result.stdout.endswith("1 definition checked, 0 valid, 1 invalid, 3 errors, 1 file unreadable\n")


def test_a_folder_and_a_file_that_is_no_text_exit_with_2(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff\xfe{")

    result = run("validate", str(tmp_path), str(tmp_path / "a.json"))

    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        f"{tmp_path}: cannot be read: no state machine is in this folder",
        f"{tmp_path / 'a.json'}: cannot be read: not UTF-8 text",
    ]


def test_state_machines_are_found_among_manifests(file: Any) -> None:
    name = file("all.yaml", MANIFESTS)

    result = run("validate", name)

    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"{name}:2: note: ConfigMap settings skipped, it is not a StateMachine of stepwright.dev"
    ]
    assert result.stdout.splitlines() == [
        (
            f"{name}:16:9: ERROR SCHEMA_VALIDATION_FAILED: The value of 'TimeoutSeconds' should be between 1 and 99999999"
            " at /States/A/TimeoutSeconds"
        ),
        (
            f"{name}:26:5: WARNING NO_DRIVER: Express executions are not served yet, so none can start;"
            " use the type Standard at /"
        ),
        f"{name}:29:44: ERROR SCHEMA_VALIDATION_FAILED: Field 'Retry' is not supported at /States/A",
        "2 definitions checked, 0 valid, 2 invalid, 2 errors, 1 warning",
    ]


def test_a_manifest_without_definition_is_invalid(file: Any) -> None:
    name = file("a.yaml", "apiVersion: stepwright.dev/v1\nkind: StateMachine\nspec:\n  type: Standard\n")

    result = run("validate", name)

    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == (
        f"{name}:3:1: ERROR MISSING_DESCRIPTION: The StateMachine has no spec.definition at /"
    )


def test_express_in_a_manifest_is_checked_as_express(file: Any) -> None:
    manifest = {
        "apiVersion": "stepwright.dev/v1",
        "kind": "StateMachine",
        "spec": {
            "type": "Express",
            "definition": {
                "StartAt": "A",
                "States": {
                    "A": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::sns:publish.waitForTaskToken",
                        "End": True,
                    }
                },
            },
        },
    }

    result = run(
        "validate", file("a.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": [manifest]}))
    )

    assert result.exit_code == 1
    assert (
        "Express state machine does not support '.waitForTaskToken' service integration at" in result.stdout
    )


YAML_VALUES = {
    "yes is a text": ("Comment: yes", []),
    "a date is a text": ("Comment: 2024-01-02", []),
    "an account id is a text": ("Comment: 012345678901", []),
    "a version with a point stays a number": ("Comment: 1.0", ["Expected value of type String, got 1.0"]),
    "quotes make a text": ("Comment: '5'", []),
    "null": ("Comment: ~", ["Expected value of type String, got null"]),
    "a boolean": ("Comment: true", ["Expected value of type String, got true"]),
    "a key twice": (
        "Comment: a\n    Comment: b",
        ["The field 'Comment' appears more than once; the last counts"],
    ),
    "an anchor": ("Comment: &a text", []),
}


@pytest.mark.parametrize(("line", "messages"), YAML_VALUES.values(), ids=YAML_VALUES.keys())
def test_yaml_values(file: Any, line: str, messages: list[str]) -> None:
    name = file("a.yaml", f"StartAt: A\nStates:\n  A:\n    Type: Succeed\n    {line}\n")

    result = run("validate", name, "--format", "json")

    (definition,) = json.loads(result.stdout)["definitions"]
    assert [found["message"] for found in definition["diagnostics"]] == messages
    assert [found["line"] for found in definition["diagnostics"]] == (
        [4 + len(line.split("\n"))] if messages else []
    )


BROKEN_YAML = {
    "a bracket left open": ("a: [1", 2, "did not find expected ',' or ']'"),
    "an alias of nothing": ("a: *b", 1, "found undefined alias"),
    "an alias in itself": ("&a [*a]", 1, "found"),
    "a tab": ("a:\n\t- 1", 2, "found character that cannot start any token"),
    "a key that is a list": ("? [a]\n: 1", 1, "a key must be a text"),
}


@pytest.mark.parametrize(("text", "line", "message"), BROKEN_YAML.values(), ids=BROKEN_YAML.keys())
def test_broken_yaml_is_invalid_at_its_line(file: Any, text: str, line: int, message: str) -> None:
    result = run("validate", file("a.yaml", text), "--format", "json")

    assert result.exit_code == 1
    ((found,),) = (definition["diagnostics"] for definition in json.loads(result.stdout)["definitions"])
    assert found["code"] == "INVALID_YAML_DESCRIPTION"
    assert message in found["message"] or message == "found"
    assert abs(found["line"] - line) <= 1


def test_aliases_of_aliases_do_not_fill_the_memory(file: Any) -> None:
    levels = "\n".join(
        f"l{level + 1}: &l{level + 1} [{', '.join([f'*l{level}'] * 10)}]" for level in range(9)
    )

    result = run("validate", file("a.yaml", f"l0: &l0 x\n{levels}\n"))

    assert result.exit_code == 1
    assert "aliases make the document too large" in result.stdout


@pytest.mark.parametrize("levels", [10_000, 200_000])
@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
def test_ten_thousand_levels_and_more_are_one_clear_finding(file: Any, name: str, levels: int) -> None:
    """Beyond a hundred thousand the loader of YAML ended the whole process."""
    result = run("validate", file(name, "[" * levels + "]" * levels))

    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 2


def test_long_names_around_many_values_do_not_fill_the_memory(file: Any) -> None:
    """The pointers of all values took the length of these names fifty thousand times."""
    names = f"{{{'k' * 1_000}: " * 90

    result = run("validate", file("a.yaml", f"Comment: {names}[{'x, ' * 50_000}x]{'}' * 90}\n"))

    assert result.exit_code == 1
    assert "Expected value of type String, got an object" in result.stdout


def test_standard_input_is_json_or_yaml() -> None:
    assert run("validate", "-", text=VALID).exit_code == 0
    assert run("validate", "-", text="StartAt: A\nStates: {A: {Type: Succeed}}\n").exit_code == 0
    broken = run("validate", "-", text="{")
    assert broken.exit_code == 1
    assert broken.stdout.startswith("<stdin>:1:")


def test_an_empty_file_is_invalid(file: Any) -> None:
    for name in ("a.json", "a.yaml"):
        result = run("validate", file(name, "\n"))

        assert result.exit_code == 1
        assert "SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object at /" in result.stdout


def test_what_drivers_know_is_checked(file: Any) -> None:
    definition = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Task", "Resource": "k8s:job", "Parameters": {"imge": "example/a:1"}, "Next": "B"},
            "B": {"Type": "Task", "Resource": "acme:deliver", "End": True},
        },
    }
    name = file("a.json", json.dumps(definition, indent=1))

    result = run("validate", name)

    assert result.exit_code == 1
    assert "k8s:job has no parameter 'imge'; is 'image' meant? at /States/A/Parameters/imge" in result.stdout
    assert (
        f"{name}:14:4: WARNING NO_DRIVER: No driver serves 'acme:deliver': its tasks run only"
        " where they are mocked at /States/B/Resource"
    ) in result.stdout.splitlines()


def test_substitutions_of_a_manifest_are_made(file: Any) -> None:
    def manifest(values: str) -> str:
        return (
            "apiVersion: stepwright.dev/v1\nkind: StateMachine\nspec:\n"
            f"  definitionSubstitutions: {values}\n"
            "  definition:\n    StartAt: A\n    States:\n      A:\n        Type: Wait\n"
            "        Timestamp: ${When}\n        End: true\n"
        )

    assert run("validate", file("a.yaml", manifest("{When: '2030-01-01T00:00:00Z'}"))).exit_code == 0
    wrong = run("validate", file("b.yaml", manifest("{When: tomorrow}")))
    assert (
        "b.yaml:10:9: ERROR SCHEMA_VALIDATION_FAILED: String does not match RFC3339 timestamp" in wrong.stdout
    )
    missing = run("validate", file("c.yaml", manifest("{Else: x}")))
    assert (
        "c.yaml:10:9: ERROR UNRESOLVED_SUBSTITUTION: '${When}' was not substituted, its value cannot be checked"
        " at /States/A/Timestamp"
    ) in missing.stdout
    given = run(
        "validate", file("d.yaml", manifest("{Else: x}")), "--substitute", "When=2030-01-01T00:00:00Z"
    )
    assert given.exit_code == 0


def test_findings_as_json(file: Any) -> None:
    name = file("all.yaml", MANIFESTS)

    result = run("validate", "--format", "json", name, "none.yaml")
    document = json.loads(result.stdout)

    assert result.exit_code == 2
    assert document["valid"] is False
    assert [definition["name"] for definition in document["definitions"]] == ["as-object", "as-text"]
    assert document["definitions"][0]["diagnostics"] == [
        {
            "severity": "ERROR",
            "code": "SCHEMA_VALIDATION_FAILED",
            "message": "The value of 'TimeoutSeconds' should be between 1 and 99999999",
            "pointer": "/States/A/TimeoutSeconds",
            "line": 16,
            "column": 9,
        }
    ]
    assert document["skipped"] == [{"file": name, "line": 2, "manifest": "ConfigMap settings"}]
    assert document["unreadable"] == [{"file": "none.yaml", "reason": "No such file or directory"}]


def test_no_file_is_a_misuse() -> None:
    assert run("validate").exit_code == 2


def test_version() -> None:
    assert run("version").stdout == f"stepwright {__version__}\n"
    assert json.loads(run("version", "--json").stdout)["version"] == __version__


def test_validate_does_not_load_kopf() -> None:
    script = (
        "import sys\n"
        "from stepwright.cli import main\n"
        "sys.argv = ['stepwright', 'version']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "from stepwright.cli import validate\n"
        "print('kopf' in sys.modules)\n"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "False"


def test_what_is_not_served_yet_is_warned_about_and_a_default_image_counts(file: Any) -> None:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "B",
        "States": {
            "B": {"Type": "Task", "Resource": "k8s:job", "Parameters": {"command": ["x"]}, "End": True}
        },
    }
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"}}
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "Next": "Review"}
    activity = "arn:aws:states:us-east-1:123456789012:activity:review"
    review = {"Type": "Task", "Resource": activity, "End": True}
    definition = {"StartAt": "A", "States": {"A": state, "Review": review}}
    spec = {"definition": definition, "taskDefaults": {"image": "example/a:1"}, "connections": ["aws"]}
    manifest = {
        "apiVersion": "stepwright.dev/v1",
        "kind": "StateMachine",
        "metadata": {"name": "a"},
        "spec": spec,
    }
    name = file("a.json", json.dumps(manifest))

    result = run("validate", name)

    assert result.exit_code == 0
    assert f"No driver serves '{activity}', so executions cannot start" in result.stdout
    assert "no image" not in result.stdout
    assert result.stdout.splitlines()[-1] == "1 definition checked, 1 valid, 1 warning"
