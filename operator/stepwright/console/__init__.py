"""The console in a browser: its files, and the API that its pages use beside AWS's own.

Belongs here: what pages ask, and who may ask it. Not: where things live, which it knows by the catalog's ports, and the AWS
API, which is handed to it as one function.
"""
