"""SadTalker's networks and what is made of sound, photo and coefficients; no engine stands on them yet."""
