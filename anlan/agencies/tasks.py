"""Nightly work of this app."""

from anlan.agencies.actions import end_contracts
from anlan.agencies.scoring import rescore_all


def close_ended_contracts() -> int:
    """Mark contracts as ended whose last day has passed; return how many. Every morning."""
    return end_contracts()


def compute_scores() -> int:
    """Compute every agency's score again from ratings and re-inspections; return how many. Every night."""
    return rescore_all()
