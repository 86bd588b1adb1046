"""The cluster as Stepwright's store: custom resources, conditions, and the journal on the API server.

Here belongs what reads and writes Kubernetes objects for the engine. What runs tasks belongs to ``stepwright.tasks``,
what decides about a workflow to ``stepwright.engine`` and ``stepwright.asl``; kopf stays out (see the contracts).
"""
