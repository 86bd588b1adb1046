"""``k8s:job`` and ``arn:aws:states:::eks:runJob.sync``: a task as a Kubernetes Job.

``parameters`` reads what the state machine's author wrote, ``manifest`` and ``template`` make the Job from
it, ``verdict`` decides from the Job and its pods how the task has ended, ``output`` what it returned:
functions of plain data. ``driver`` is the engine's port, ``watching`` follows what was started, by the ``copies`` of Jobs
and pods, and has it judged (``judging``); ``requests`` and ``logs`` hold their requests.

The driver is imported from its module: checking definitions should not wait for the Kubernetes client.
"""

from stepwright.tasks.job.errors import NAMES as ERRORS
from stepwright.tasks.job.parameters import EKS_RUN_JOB, K8S_JOB, check, check_for, schema, serves

__all__ = ["EKS_RUN_JOB", "ERRORS", "K8S_JOB", "check", "check_for", "schema", "serves"]
