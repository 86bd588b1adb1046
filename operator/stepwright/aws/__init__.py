"""AWS's services as data: how their requests are signed, how their answers and errors look to a Task state.

Belongs here: what is AWS's, and is the same for drivers, mocks and the API. Not: executions, the engine,
making calls.
"""
