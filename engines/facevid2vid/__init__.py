"""Layers of the face-vid2vid family (Wang et al. 2021, "One-shot free-view neural talking-head synthesis"): one
photo's features as a volume, moved by sparse 3-D keypoints, drawn by a SPADE decoder.

LivePortrait and SadTalker are built of them; their checkpoints name the parts alike. Not an engine of its own.
"""
