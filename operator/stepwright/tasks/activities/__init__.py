"""Activities: tasks that workers come for, ``GetActivityTask``, and answer by their token."""
