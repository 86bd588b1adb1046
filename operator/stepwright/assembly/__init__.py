"""What puts a process together: one module for each kind of process, from the same drivers, stores and faces.

Belongs here: construction, and the order in which things begin and end. Not: decisions of any of the parts.
"""
