"""JSON as text, exactly: reading, writing, sizes, moments."""
