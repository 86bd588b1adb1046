"""What a process that serves lists of executions in a cluster remembers of each: the API server lists objects by their names, and
people want the newest, of some state machines, with some status.

``naming`` is what ARNs say, ``row`` one execution, ``ordered`` rows by a moment, ``groups`` in all orders, ``wanted`` a question, ``index`` all rows and what
answers it; ``following`` keeps that as the API server has it, and implements the catalog's ports.
"""

from stepwright.cluster.execution_index.following import ExecutionIndex
from stepwright.cluster.execution_index.naming import AsInContexts, Naming

__all__ = ["AsInContexts", "ExecutionIndex", "Naming"]
