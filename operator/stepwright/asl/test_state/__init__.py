"""TestState: one state of a definition, run by itself, with mocks in place of what it would call.

Pure, like the interpreter whose functions it uses: ``select`` finds the state, ``Trial`` runs it and reports
the result, ``mock`` checks whether a mock can be a result. What results of AWS services look like is not
known here.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
"""

from stepwright.asl.test_state.mock import Mock
from stepwright.asl.test_state.refusal import Refused
from stepwright.asl.test_state.select import Selected, select
from stepwright.asl.test_state.trial import Configuration, Trial, Verdict

__all__ = ["Configuration", "Mock", "Refused", "Selected", "Trial", "Verdict", "select"]
