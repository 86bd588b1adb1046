"""The console in a browser: its files, and the API that its pages use beside AWS's own. It knows the catalog's ports."""
