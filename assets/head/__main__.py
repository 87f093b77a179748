"""Writes head.glb beside this file."""

from pathlib import Path

from assets.head.build import build_head

if __name__ == "__main__":
    Path(__file__).with_name("head.glb").write_bytes(build_head())
