"""A SQL database as Stepwright's store: state machines, executions, their journal, activities.

Belongs here: what reads and writes its tables. Not: drivers of tasks, mocks, faces; they know the store by ports.
"""
