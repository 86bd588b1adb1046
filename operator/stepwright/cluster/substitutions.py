"""``definitionSubstitutions``: ``${Name}`` in the texts of a definition, as AWS SAM and CloudFormation replace it.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachine.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from stepwright.asl.json_types import Pointer

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9_.:-]{1,255})\}")


class MissingSubstitution(ValueError):  # noqa: N818 - named after what is wrong with the definition
    """Placeholders in the definition for which no value is given, while values for others are."""

    def __init__(self, names: Sequence[str], given: Iterable[str]) -> None:
        missing = ", ".join(f"${{{name}}}" for name in names)
        super().__init__(
            f"No substitution is given for {missing}; definitionSubstitutions has {', '.join(sorted(given))}"
        )
        self.pointer = Pointer("")


def substitute(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders replaced. Without ``values`` the text stays as it is: ``${...}`` may be the
    user's own. A value is put in as JSON text within a JSON string, so quotes in it do no harm."""
    if not values:
        return text
    missing = [name for name in dict.fromkeys(_PLACEHOLDER.findall(text)) if name not in values]
    if missing:
        raise MissingSubstitution(missing, values)
    return _PLACEHOLDER.sub(lambda found: json.dumps(values[found[1]], ensure_ascii=False)[1:-1], text)
