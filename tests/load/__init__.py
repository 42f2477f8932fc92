"""Benchmarks: `python -m tests.load [name…]`. A path is a module in `tests/load/paths` (see `beats.py` for one to copy)."""
