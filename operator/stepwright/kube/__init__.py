"""The Kubernetes API: a client, its errors, informers, and how it writes values.

Belongs here: what would be the same for any controller. Not: Stepwright's own resources, executions, kopf.
"""
