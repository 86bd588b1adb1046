"""HTTP/1.1 as servers of this project need it: listening, connections, requests, answers.

Belongs here: bytes. Not: what is asked and answered, which is the faces' business.
"""
