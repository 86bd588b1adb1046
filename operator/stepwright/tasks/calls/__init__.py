"""The host of all drivers whose tasks are calls: of functions, of services, of other people's APIs.

An ``Integration`` says how one kind of call is made; ``CallDriver`` does for all of them what is the same for each.
"""
