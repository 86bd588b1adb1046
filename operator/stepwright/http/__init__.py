"""HTTP/1.1 as servers of this project need it: listening, connections, requests, answers. What is asked and answered is
the faces' business.
"""
