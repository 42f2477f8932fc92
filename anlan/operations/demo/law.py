"""Statutes in the demo: the names that everybody cites, the official texts where a folder of them is at hand, and an
invented ordinance, so that time, renumbering and what went stale can be seen without them.

No real text is shipped: without the folder (`ANLAN_LAW_DIR`) the pages say how to import."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from anlan.law.actions.importing import run_import
from anlan.law.actions.naming import name_statutes
from anlan.law.models import Alias, Import, Statute
from anlan.law.tasks import import_configured
from anlan.operations.citing import recite
from anlan.operations.demo.cast import Cast

STATUTES: Final = Path(__file__).with_name("statutes")
INVENTED: Final = "河湾市小作坊安全条例演示"


def lay_law(cast: Cast) -> None:
    """Name the statutes; hand the configured folder to the worker, which shows its progress on the law desk."""
    name_statutes()
    _import("2019")
    Alias.objects.get_or_create(statute=Statute.objects.get(slug=INVENTED), name="河湾市小作坊安全条例")
    import_configured()


def lay_amendments(cast: Cast) -> None:
    """Amend the ordinance after others have written about it: what they cite is now to be read again."""
    recite()
    _import("since")


def _import(folder: str) -> None:
    path = STATUTES / folder
    if not Import.objects.filter(path=str(path)).exists():
        run_import(Import.objects.create(source="演示法规", path=str(path), by_name="演示"), path)
