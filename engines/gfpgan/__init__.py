"""Networks that make a face clearer; no engine stands on them yet."""
