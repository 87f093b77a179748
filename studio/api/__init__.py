"""The REST API: the endpoints of the systems that this studio replaces, one file a family."""
