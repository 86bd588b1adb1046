"""The APIs that people keep at API Gateway, as a model like botocore's: one operation, which calls any of them
(``arn:aws:states:::apigateway:invoke``).

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html
"""

from __future__ import annotations

import re
from typing import Any, Final

NAME: Final = "execute-api"
"""As AWS calls the service in signatures and hosts; botocore has none of that name."""
INVOKE: Final = "Invoke"

METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
NO_AUTH: Final = "NO_AUTH"
AUTH_TYPES: Final = (NO_AUTH, "IAM_ROLE", "RESOURCE_POLICY")

HOST: Final = re.compile(
    r"[0-9a-z]+(?:-vpce-[0-9a-z]+)?\.execute-api\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
)
"""Of an API at AWS."""


def model() -> dict[str, Any]:
    text, anything, values = {"shape": "Text"}, {"shape": "Anything"}, {"shape": "Values"}
    given = {
        "ApiEndpoint": text,
        "Method": text,
        "Stage": text,
        "Path": text,
        "Headers": values,
        "QueryParameters": values,
        "RequestBody": anything,
        "AllowNullValues": {"shape": "YesOrNo"},
        "AuthType": text,
    }
    answered = {
        "Headers": values,
        "ResponseBody": anything,
        "StatusCode": {"shape": "Number"},
        "StatusText": text,
    }
    return {
        "metadata": {
            "apiVersion": "2015-07-09",
            "endpointPrefix": NAME,
            "protocol": "rest-json",
            "serviceId": "Execute API",
            "signatureVersion": "v4",
        },
        "operations": {
            INVOKE: {
                "name": INVOKE,
                "http": {"method": "POST", "requestUri": "/"},
                "input": {"shape": "InvokeInput"},
                "output": {"shape": "InvokeOutput"},
            }
        },
        "shapes": {
            "InvokeInput": {"type": "structure", "members": given, "required": ["ApiEndpoint", "Method"]},
            "InvokeOutput": {"type": "structure", "members": answered},
            "Anything": {"type": "structure", "members": {}, "document": True},
            "Number": {"type": "integer"},
            "Text": {"type": "string"},
            "Texts": {"type": "list", "member": text},
            "Values": {"type": "map", "key": text, "value": {"shape": "Texts"}},
            "YesOrNo": {"type": "boolean"},
        },
    }
