"""Periodic work of links."""

from anlan.content.links.checking import check_due, gather_links


def gather() -> int:
    """Bring the table of links in line with the public pages. Runs every night."""
    return gather_links()


def check() -> int:
    """Look at the links whose week is over. Runs every ten minutes."""
    return check_due()
