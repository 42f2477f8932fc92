"""What apps above lend to search, which may not import them. Kept apart so that lending costs nothing at the start."""

from collections.abc import Callable
from typing import Final

MOVED: Final[list[Callable[[str, str], list[tuple[str, str]]]]] = []
"""Filled by the law app: (slug, ref) → [(name of an older version, where its article of that number stands today)]."""
