"""The sample avatars: invented people, painted by code. Run ``python -m assets.avatars.draw``."""
