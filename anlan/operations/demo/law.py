"""Statutes in the demo: the names that everybody cites, and the official texts where a folder of them is at hand.

No text is invented here and none is shipped: without the folder (`ANLAN_LAW_DIR`) the pages say how to import."""

from anlan.law.actions.naming import name_statutes
from anlan.law.tasks import import_configured
from anlan.operations.demo.cast import Cast


def lay_law(cast: Cast) -> None:
    """Name the statutes; hand the configured folder to the worker, which shows its progress on the law desk."""
    name_statutes()
    import_configured()
