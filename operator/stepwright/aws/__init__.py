"""AWS's services as botocore's models have them: how their requests are made and signed, how their answers and errors
look to a Task state, and how they are called.

Belongs here: what is AWS's, and is the same for drivers, mocks and the API. Not: executions, the engine, and which of
them calls what, as whom.
"""
