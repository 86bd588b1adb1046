"""Benchmarks: each prints a table from one run; none is a test. Ratios carry over to other machines, times do not."""
