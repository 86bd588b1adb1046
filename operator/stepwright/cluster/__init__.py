"""Stepwright on a Kubernetes cluster: the API client, informers, custom resources and the journal kept in them.

What belongs here: everything that speaks to the API server for the engine. What must not be here: running tasks
(``stepwright.tasks``), kopf, and the interpretation of the States Language.
"""
