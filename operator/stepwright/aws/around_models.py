"""What Step Functions has around calls of Bedrock's models (``arn:aws:states:::bedrock:invokeModel``), as a model like botocore's: what
the model is given may be an object of S3, and so may its answer.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-bedrock.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

NAME: Final = "bedrock-models"
"""Of the model; botocore has none of that name."""
AROUND: Final = "bedrock-runtime"
INVOKE: Final = "InvokeModel"
INPUT: Final = "Input"
OUTPUT: Final = "Output"
URI: Final = "S3Uri"


def model(runtime: Mapping[str, Any]) -> dict[str, Any]:
    """``runtime``: the service's model, as botocore's files have it."""
    shapes, operation = runtime["shapes"], runtime["operations"][INVOKE]
    given = shapes[operation["input"]["shape"]]
    place = {"shape": "ObjectOfS3"}
    own = {
        "ObjectOfS3": {"type": "structure", "members": {URI: {"shape": "UriOfS3"}}, "required": [URI]},
        "UriOfS3": {"type": "string"},
        "InvokeInput": {**given, "members": {**given["members"], INPUT: place, OUTPUT: place}},
    }
    invoke = {**operation, "input": {"shape": "InvokeInput"}}
    return {**runtime, "operations": {INVOKE: invoke}, "shapes": {**shapes, **own}}
