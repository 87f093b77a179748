"""Benchmarks: one file each, run by ``launch.py bench``. They print ratios within one run, not mere seconds."""
