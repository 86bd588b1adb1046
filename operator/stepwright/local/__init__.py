"""The whole system on one machine without Kubernetes: the journal in SQL, tasks as processes and HTTP calls.

Belongs here: adapters to one machine, and what puts them together with the engine. Not: the AWS API (``stepwright.api``)
or the command line.
"""
