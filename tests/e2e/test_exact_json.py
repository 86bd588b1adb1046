"""JSON arrives exact: what goes in as text comes out of a task as the same text, byte for byte."""

from __future__ import annotations

import json

import pytest

from tests.on_cluster.kubectl import Kube, Object, execution, job, machine, one

pytestmark = pytest.mark.cluster

COPY = job('cat "$STEPWRIGHT_INPUT_FILE" > "$STEPWRIGHT_OUTPUT_FILE"')
PRINT = job('cat "$STEPWRIGHT_INPUT_FILE"', parameters={"output": "stdout"})

TEXT = (
    '{"zebra":1.0,"apple":0.0,"minus":-0.0,"tiny":1e-7,"third":0.1,"big":18446744073709551616,'
    '"bigger":123456789012345678901234567890,"max":9223372036854775808,"none":null,"no":[],"nothing":{},'
    '"empty":"","order":{"b":[1,1.0,true,false,null],"a":{"$":"$"}},'
    '"shell":"$(HOME) $$(HOME) $$ ${HOME} `id` $(STEPWRIGHT_INPUT_FILE) %s \\\\n \' \\" \\t",'
    '"text":"Grüße, 漢字, 😀, \u2028","":"no key"}'
)


def test_a_text_goes_through_input_task_and_output_unchanged(stepwright: Kube) -> None:
    ended = stepwright.run("exact", one(COPY), inputJson=TEXT)

    assert ended["status"]["phase"] == "Succeeded", ended["status"].get("cause")
    assert ended["status"]["output"] == TEXT
    by_type = {event["type"]: event for event in stepwright.history("exact")}
    assert by_type["ExecutionStarted"]["executionStartedEventDetails"]["input"] == TEXT
    assert by_type["TaskSucceeded"]["taskSucceededEventDetails"]["output"] == TEXT
    assert by_type["ExecutionSucceeded"]["executionSucceededEventDetails"]["output"] == TEXT


def test_a_definition_as_text_keeps_its_numbers_and_keys(stepwright: Kube) -> None:
    definition = f'{{"StartAt":"Say","States":{{"Say":{{"Type":"Pass","Result":{TEXT},"Next":"Copy"}},"Copy":{json.dumps(COPY)}}}}}'
    ended = stepwright.run("said", definition)

    assert ended["status"]["output"] == TEXT


def test_200_kib_go_in_as_a_file_and_out_by_stdout(stepwright: Kube) -> None:
    filling = "Grüße 漢字 $(X) $$ 😀 " * 7_500
    filling_text = json.dumps(filling, ensure_ascii=False)
    text = f'{{"z":1.0,"big":18446744073709551616,"filling":{filling_text},"a":null}}'
    assert 200 * 1024 < len(text.encode()) < 256 * 1024
    stepwright.machine("large", one(PRINT))
    made: Object = execution("large-1", "large", inputJson=text)
    stepwright("create", "-f", "-", input=json.dumps(made))
    ended = stepwright.ended("large-1")

    assert ended["status"]["phase"] == "Succeeded", ended["status"].get("cause")
    kept = stepwright.get("executionhistory", ended["status"]["outputRef"]["name"])
    assert kept["payload"] == text


def test_input_as_a_value_arrives_as_the_api_server_has_it(stepwright: Kube) -> None:
    """What ``input`` loses is the API server's doing, and documented: numbers are rounded, keys sorted."""
    stepwright.machine("value", one(COPY))
    stepwright.start("value-1", "value", input={"b": [1, 2.5, "$(HOME)", True], "a": "é"})
    stepwright("create", "-f", "-", input=json.dumps(execution("null-1", "value", input=None)))
    stepwright.apply(execution("absent-1", "value"))

    assert stepwright.ended("value-1")["status"]["output"] == '{"a":"é","b":[1,2.5,"$(HOME)",true]}'
    assert stepwright.ended("null-1")["status"]["output"] == "null"
    assert stepwright.ended("absent-1")["status"]["output"] == "{}"


def test_a_payload_of_100_kib_passes_through_states(stepwright: Kube) -> None:
    text = json.dumps({"filling": "x" * 100 * 1024})
    states = {
        "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Both"},
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Whole", "States": {"Whole": {"Type": "Pass", "End": True}}},
                {"StartAt": "One", "States": {"One": {"Type": "Pass", "Result": 1, "End": True}}},
            ],
            "OutputPath": "$[0]",
            "Next": "Again",
        },
        "Again": {
            "Type": "Pass",
            "Parameters": {"length.$": "States.MathAdd(1, 1)", "whole.$": "$"},
            "End": True,
        },
    }
    stepwright.apply(machine("heavy", {"StartAt": "Wait", "States": states}))
    stepwright("create", "-f", "-", input=json.dumps(execution("heavy-1", "heavy", inputJson=text)))
    ended = stepwright.ended("heavy-1")

    assert ended["status"]["phase"] == "Succeeded", ended["status"].get("cause")
    kept = stepwright.get("executionhistory", ended["status"]["outputRef"]["name"])
    assert json.loads(kept["payload"]) == {"length": 2, "whole": json.loads(text)}
    # However often it is passed on, the object that is written again and again stays small.
    assert len(json.dumps(ended["status"])) < 20_000
