"""Tasks that call models of Bedrock with objects of S3: moto's server has the objects, another one is the model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import boto3
import pytest

from stepwright.tasks.calls.integration import CallFailed
from tests.tasks.aws_calls import called, use_endpoint
from tests.tasks.played_http import Answer, serving

INVOKE: Final = "bedrock:invokeModel"


class Model:
    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []

    def answer(self, headers: dict[str, str], body: bytes) -> Answer:
        self.asked.append((headers.get("content-type", ""), json.loads(body)))
        return 200, {"Content-Type": "application/json"}, {"completion": "Six apples."}


@pytest.fixture
def model(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Model]:
    played = Model()
    with serving(played.answer, None, {}) as url:
        use_endpoint(monkeypatch, moto, {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url})
        yield played


@pytest.fixture
def s3(moto: str) -> Any:
    client = boto3.client(
        "s3", endpoint_url=moto, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    client.create_bucket(Bucket="prompts")
    return client


async def test_a_model_is_given_what_stands_in_an_object(model: Model, s3: Any) -> None:
    prompt = json.dumps({"prompt": "How many? " + "x" * 300_000})
    s3.put_object(Bucket="prompts", Key="a b/count.json", Body=prompt, ContentType="application/special+json")
    given: Any = {"ModelId": "m", "Input": {"S3Uri": "s3://prompts/a b/count.json"}}

    result: Any = await called(INVOKE, given)
    await called(INVOKE, {**given, "ContentType": "application/json"})

    assert result["Body"] == {"completion": "Six apples."}
    assert [kind for kind, _ in model.asked] == ["application/special+json", "application/json"]
    assert {json.dumps(asked) for _, asked in model.asked} == {prompt}


async def test_the_answer_of_a_model_is_left_in_an_object(model: Model, s3: Any) -> None:
    given: Any = {"ModelId": "m", "Body": {"prompt": "?"}, "Output": {"S3Uri": "s3://prompts/answers/1.json"}}

    result: Any = await called(INVOKE, given)

    assert result["Body"] == "s3://prompts/answers/1.json"
    assert result["ContentType"] == "application/json"
    assert model.asked == [("", {"prompt": "?"})]
    left = s3.get_object(Bucket="prompts", Key="answers/1.json")
    assert json.loads(left["Body"].read()) == {"completion": "Six apples."}
    assert left["ContentType"] == "application/json"


@pytest.mark.parametrize(
    ("given", "error", "cause"),
    [
        ({}, "States.Runtime", "[Either Body or Input says what the model is given]"),
        (
            {"Body": {}, "Input": {"S3Uri": "s3://prompts/k"}},
            "States.Runtime",
            "[Either Body or Input says what the model is given]",
        ),
        (
            {"Input": {"S3Uri": "https://prompts/k"}},
            "States.Runtime",
            "[The S3Uri of Input must name an object: s3://BUCKET/KEY]",
        ),
        (
            {"Body": {}, "Output": {"S3Uri": "s3://prompts/"}},
            "States.Runtime",
            "[The S3Uri of Output must name an object: s3://BUCKET/KEY]",
        ),
        (
            {"Input": {"S3Uri": "s3://prompts/none"}},
            "Bedrock.NoSuchKeyException",
            "GetObject of s3://prompts/none: ",
        ),
        (
            {"Body": {}, "Output": {"S3Uri": "s3://no-bucket-here/k"}},
            "Bedrock.NoSuchBucketException",
            "PutObject of s3://no-bucket-here/k: ",
        ),
    ],
)
@pytest.mark.usefixtures("model", "s3")
async def test_what_cannot_be_is_told(given: dict[str, Any], error: str, cause: str) -> None:
    with pytest.raises(CallFailed) as failed:
        await called(INVOKE, {"ModelId": "m", **given})

    assert failed.value.error == error
    assert cause in failed.value.cause
