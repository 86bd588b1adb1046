"""What an editor of definitions asks the server, and that nobody can ask too much."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from stepwright.console import checking
from tests.console.pages import Page, id_of


async def asked(page: Page, path: str, body: Any) -> Any:
    answer = await page.post(path, body)
    assert answer.status == 200, answer
    return answer.json


async def test_the_server_says_that_it_has_a_studio(page: Page) -> None:
    features = (await page.begin())["features"]

    assert {"children", "definitions", "expressions", "fields", "resources", "blueprints"} <= features.keys()


async def test_a_text_is_checked(page: Page) -> None:
    text = "StartAt: A\nStates:\n  A: {Type: Task, Resource: acme:deliver, Next: B}\n"
    (found,) = (await asked(page, "definitions/check", {"text": text}))["definitions"]

    assert not found["valid"]
    (missing,) = [
        each for each in found["findings"] if each["severity"] == "ERROR" and "target" in each["message"]
    ]
    assert (missing["pointer"], missing["line"], missing["column"]) == ("/States/A/Next", 3, 43)
    (resource,) = found["resources"]
    assert resource["pointers"] == ["/States/A/Resource"]
    assert "acme:deliver" in resource["lacks"]


async def test_an_expression_is_tried(page: Page) -> None:
    given = {"language": "JSONata", "value": '"{% $sum($states.input.n) %}"', "input": '{"n": [1, 2.5]}'}

    assert await asked(page, "expressions/try", given) == {"value": "3.5"}
    assert (await asked(page, "expressions/try", {**given, "value": "\"{% $error('no') %}\""}))["error"] == (
        "States.QueryEvaluationError"
    )


async def test_what_is_not_as_it_should_be_is_refused(page: Page) -> None:
    for path, body in (
        ("definitions/check", {}),
        ("definitions/check", {"text": 1}),
        ("definitions/check", {"text": "x" * (checking.MOST_CHARACTERS + 1)}),
        ("expressions/try", {"language": "SQL", "value": "1"}),
        ("expressions/try", {"language": "JSONPath", "value": "{"}),
    ):
        answer = await page.post(path, body)
        assert answer.code == (400, "ValidationException"), (path, answer)


async def test_forms_palette_and_blueprints_are_there(page: Page) -> None:
    fields, resources, blueprints = [
        (await page.get(path)).json for path in ("fields", "resources", "blueprints")
    ]

    assert fields["states"]["Task"]["JSONPath"]["fields"]["TimeoutSeconds"]["max"] == 99_999_999
    assert {"k8s:job", "arn:aws:states:::http:invoke"} <= {each["resource"] for each in resources["offers"]}
    assert "k8s:get" not in {each["resource"] for each in resources["offers"]}
    assert "sqs" in resources["services"]
    assert blueprints["blueprints"][0]["needs"] == []


async def test_a_resource_has_parameters_and_a_state_to_begin_with(page: Page) -> None:
    arn = "arn:aws:states:::dynamodb:putItem"
    form = (await page.get(f"resources/{id_of(arn)}")).json
    sqs = (await page.get("resources?service=sqs")).json
    unknown = (await page.get("resources/acme%3Adeliver")).json

    assert form["parameters"]["required"] == ["TableName", "Item"]
    assert form["jsonata"]["Resource"] == arn
    assert "Arguments" in form["jsonata"]
    assert "Parameters" in form["jsonPath"]
    assert any(each["resource"].endswith("sqs:sendMessage") for each in sqs["offers"])
    assert unknown["parameters"] is None
    assert (await page.get("resources?service=nothing")).json == {"offers": []}


@pytest.mark.timeout(600)
async def test_everything_that_can_be_chosen_has_a_form(page: Page) -> None:
    offers = (await page.get("resources")).json["offers"]
    names = [offer["resource"] + pattern for offer in offers for pattern in offer["patterns"]]
    answers = [(name, await page.get(f"resources/{id_of(name)}")) for name in names]

    assert [name for name, answer in answers if answer.status != 200] == []
    forms = {name: answer.json for name, answer in answers}
    assert "command" in forms["k8s:job"]["parameters"]["properties"]
    assert all(form["jsonPath"]["Resource"] == name for name, form in forms.items())


async def test_a_state_is_converted(page: Page) -> None:
    state = {"Type": "Pass", "Parameters": {"n.$": "$.n", "all.$": "$..n"}, "End": True}
    found = await asked(page, "definitions/convert", {"value": json.dumps(state)})

    assert json.loads(found["value"])["Output"]["n"] == "{% $states.input.n %}"
    (remark,) = found["remarks"]
    assert remark["pointer"] == "/Output/all"
    for value in ("{", "[]", "3"):
        answer = await page.post("definitions/convert", {"value": value})
        assert answer.code == (400, "ValidationException"), (value, answer)


LOOP = json.dumps("{% ($f := function($n) { $f($n + 1) }; $f(0)) %}")


@pytest.mark.timeout(600)
async def test_hostile_expressions_of_one_page_do_not_hold_up_another(page: Page) -> None:
    hostile = [
        asyncio.create_task(page.post("expressions/try", {"language": "JSONata", "value": LOOP}))
        for _ in range(2)
    ]
    await asyncio.sleep(0.2)
    async with asyncio.timeout(60):
        assert (await page.get("me")).status == 200
        assert await page.aws("ListStateMachines") is not None
    ended = await asyncio.gather(*hostile)

    assert {answer.json["error"] for answer in ended} == {"States.QueryEvaluationError"}
