"""The Kubernetes API: a client, its errors, informers, and the forms in which it writes things.

Belongs here: what would be the same for any controller. Not: Stepwright's own resources, executions, kopf.
"""
