"""The cluster as Stepwright's store: custom resources, conditions, and the journal on the API server.

Belongs here: reading and writing Kubernetes objects for the engine. Not: running tasks
(``stepwright.tasks``), deciding about a workflow (``stepwright.engine``, ``stepwright.asl``), kopf.
"""
