"""``definitionSubstitutions``: ``${Name}`` in the texts of a definition, as AWS SAM and CloudFormation replace it.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachine.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from stepwright.asl.json_types import Pointer

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9_.:-]{1,255})\}")


class MissingSubstitution(ValueError):  # noqa: N818 - named after what is wrong with the definition
    """A placeholder in the definition for which no value is given, while values for others are."""

    def __init__(self, name: str, names: Mapping[str, str]) -> None:
        known = ", ".join(sorted(names))
        super().__init__(f"No substitution is given for ${{{name}}}; definitionSubstitutions has {known}")
        self.pointer = Pointer("")


def substitute(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders replaced. Without ``values`` the text stays as it is: ``${...}`` may be the
    user's own. A value is put in as JSON text within a JSON string, so quotes in it do no harm."""
    if not values:
        return text

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise MissingSubstitution(found[1], values)
        return json.dumps(values[found[1]], ensure_ascii=False)[1:-1]

    return _PLACEHOLDER.sub(value, text)
