"""Fields of states whose values are computed at run time: paths, payload templates, JSONata."""
