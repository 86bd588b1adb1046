"""What AWS answered, recorded, against what the embedded mode answers, event for event.

The categories below are complete: none of their records that can run without other services may fail. The list only grows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from tests import conformance_data, recorded_api

COMPLETE: Final = (
    "activities",
    "base",
    "choice_operators",
    "comments",
    "context_object",
    "credentials",
    "express",
    "logs",
    "sfn_api",
    "sfn_api_activities",
    "sfn_api_aliasing",
    "sfn_api_express",
    "sfn_api_logs",
    "sfn_api_map_run",
    "sfn_api_tagging",
    "sfn_api_validation",
    "sfn_api_variable_references",
    "sfn_api_versioning",
    "test_state",
    "timeouts",
)


@pytest.mark.conformance
@pytest.mark.timeout(600)
@pytest.mark.skipif(conformance_data.folder() is None, reason=conformance_data.WHY_SKIPPED)
def test_the_embedded_mode_answers_as_aws_did(tmp_path: Path) -> None:
    results = recorded_api.replay(tmp_path, COMPLETE)

    failed = {result["id"]: result["diffs"][:1] for result in results if result["result"] == "fail"}
    assert failed == {}, json.dumps(failed, indent=1)
    assert {result["category"] for result in results if result["result"] == "pass"} == set(COMPLETE)
