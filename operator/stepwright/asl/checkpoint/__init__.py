"""Everything needed to continue an execution: plain data in parts, each stored separately."""
