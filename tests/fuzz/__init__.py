"""Hostile input for everything that reads text from outside: ``make fuzz TARGET=jsonata MINUTES=10``.

Each target takes any bytes. What it may do with them is refuse them by its documented exceptions, in bounded time and
memory; everything else is a finding. ``make unit`` runs a slice of each with inputs that a seed decides.
"""
