"""The law desk: editors bring texts in and settle doubts."""

from typing import Any

from anlan.law.models import Import, Statute, Version
from anlan.operations.demo.cast import Cast
from tests.walk.people import EDITORS

ALLOWED = {
    "law:desk": ("GET", "", EDITORS),
    "law:import": ("GET", "law-import", EDITORS),
    "law:import-progress": ("GET", "law-import", EDITORS),
    "law:import-report": ("GET", "law-import", EDITORS),
    "law:import-retry": ("POST", "law-import", EDITORS),
    "law:check": ("GET", "law-version", EDITORS),
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """Return an import that broke, and a version with a doubt."""
    statute = Statute.objects.create(slug="巡查灯笼办法", title="巡查灯笼办法", short="巡查灯笼办法", level="document")
    version = Version.objects.create(statute=statute, key="2020-01-01", source="x", digest="x", doubts=["不明"])
    run = Import.objects.create(source="x", path="/nowhere", state=Import.State.FAILED)
    return {"law-import": [run.pk], "law-version": [version.pk]}
