"""What an answer means for a task: its result, or its error.

Shape of the result: as recorded for ``apigateway:invoke``, whose four members HTTP tasks have, too; headers in alphabetical
order. https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
"""

from __future__ import annotations

import re
from typing import Final

from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.tasks.http.client import Answer, Unusable

_BINARY: Final = ("image/", "audio/", "video/", "application/octet-stream")
_JSON: Final = re.compile(r"application/(?:[\w.+-]+\+)?json")
_CHARSET: Final = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)


def result(answer: Answer) -> dict[str, Json]:
    """Raises Unusable for what is not text."""
    headers: dict[str, list[Json]] = {}
    for name, value in sorted(answer.headers, key=lambda header: header[0].lower()):
        headers.setdefault(name, []).append(value)
    return {
        "Headers": {name: list(values) for name, values in headers.items()},
        "ResponseBody": _body(answer),
        "StatusCode": answer.status,
        "StatusText": answer.reason,
    }


def _body(answer: Answer) -> Json:
    content_type = answer.header("content-type")
    media = content_type.partition(";")[0].strip().lower()
    if answer.body and media.startswith(_BINARY):
        raise Unusable(f"The answer is {media}; a task's result is text or JSON.")
    charset = _CHARSET.search(content_type)
    try:
        text = answer.body.decode(
            "utf-8" if charset is None else charset[1], "replace" if answer.cut else "strict"
        )
    except (UnicodeDecodeError, LookupError) as error:
        raise Unusable("The answer is not text in the character set that its Content-Type names.") from error
    if media and _JSON.fullmatch(media) is None:
        return text
    try:
        return jsontext.parse(text) if text else text
    except InvalidJson:
        return text
