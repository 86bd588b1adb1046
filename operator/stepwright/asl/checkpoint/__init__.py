"""All that is needed to go on with an execution: plain data in parts, each of which is stored for itself."""
