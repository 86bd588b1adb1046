"""The host of all drivers whose tasks are calls: of functions, of services, of other people's APIs.

An ``Integration`` says how one kind of call is made; ``CallDriver`` does everything that all of them share.
"""
