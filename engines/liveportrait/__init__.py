"""LivePortrait's networks and their maths; no engine stands on them yet."""
