"""Fields of states whose values an execution gives: paths, payload templates, JSONata."""
