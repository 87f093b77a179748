"""The neutral head: made by this code alone. ``python -m assets.head`` writes head.glb anew."""
