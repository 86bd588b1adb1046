"""States in JSONPath as states in JSONata that do the same: what Workflow Studio offers when a state changes its language.

What is mechanical is done: fields get their names in JSONata, paths, intrinsic functions, payload templates and the conditions of
Choice rules become expressions. What has no equal is left to a person: an expression there fails with the text that it was, so that
nobody runs it unawares, and a remark names the place.

``sources`` writes JSONata, ``expressions`` translates paths and calls, ``templates`` and ``conditions`` what holds them, ``states``
puts states together.
"""

from stepwright.asl.to_jsonata.remarks import Remark
from stepwright.asl.to_jsonata.states import Converted, machine, state

__all__ = ["Converted", "Remark", "machine", "state"]
