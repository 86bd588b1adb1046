"""``k8s:job`` and ``arn:aws:states:::eks:runJob.sync`` as processes of this machine,
or, where that is asked for, as containers of its Docker or Podman.

``command`` makes a command line of what stands in Parameters, ``workplace`` is the folder in which one runs and what
stands there of it, ``ending`` what has become of it, ``driver`` is the engine's port.
"""

from stepwright.tasks.processes.driver import ProcessDriver

__all__ = ["ProcessDriver"]
