"""What AWS answered, recorded, against what the embedded mode answers, event for event.

The categories below are complete: none of their records may fail that run by themselves or with the Lambda functions
that the data's runner plays. The list only grows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from tests.data import conformance, recorded_api

pytestmark = pytest.mark.slow

COMPLETE: Final = (
    "activities",
    "arguments",
    "assign",
    "base",
    "choice_operators",
    "comments",
    "context_object",
    "credentials",
    "error_handling",
    "evaluate_jsonata",
    "express",
    "intrinsic_functions",
    "logs",
    "outputdecl",
    "query_language",
    "scenarios",
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
    "states_variables",
    "test_state",
    "timeouts",
)


@pytest.mark.conformance
@pytest.mark.timeout(900)
@pytest.mark.skipif(conformance.folder() is None, reason=conformance.WHY_SKIPPED)
def test_the_embedded_mode_answers_as_aws_did(tmp_path: Path) -> None:
    results = recorded_api.replay(tmp_path, COMPLETE)

    failed = {result.id: result.why for result in results if result.passed is False}
    unknown = {id: why for id, why in failed.items() if id not in recorded_api.KNOWN}
    assert unknown == {}, json.dumps(unknown, indent=1)
    assert {result.category for result in results if result.passed} == set(COMPLETE)
