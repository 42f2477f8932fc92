"""The list of firms, its map, moving, merging and closing, extracts: who may enter."""

from typing import Any

from django.core.files.base import ContentFile

from anlan.accounts.models import SavedView
from anlan.enterprises.models import Extract
from anlan.files.actions import store
from anlan.operations.demo.cast import Cast
from tests.walk.people import REGULATORS

MOVERS = frozenset({"county", "deputy", "town"})
ALL_MOVERS = MOVERS | {"other_county"}
ALLOWED = {
    "enterprises:list-views": ("GET", "", REGULATORS),
    "enterprises:list-view-save": ("POST", "", REGULATORS),
    "enterprises:list-view-rename": ("POST", "saved_view", frozenset({"county"})),
    "enterprises:list-view-delete": ("POST", "saved_view", frozenset({"county"})),
    "enterprises:map": ("GET", "", REGULATORS),
    "enterprises:map-marks": ("GET", "", REGULATORS),
    "enterprises:move": ("GET", "", ALL_MOVERS),
    "enterprises:tag": ("GET", "", REGULATORS - {"province", "city", "other_city"}),
    "enterprises:change": ("GET", "enterprise", MOVERS),
    "enterprises:merge": ("GET", "enterprise", MOVERS),
    "enterprises:close": ("GET", "enterprise", MOVERS),
    "enterprises:reopen": ("GET", "enterprise", MOVERS),
    "enterprises:delete": ("GET", "enterprise", MOVERS),
    "enterprises:extracts": ("GET", "", ALL_MOVERS),
    "enterprises:extract-template": ("GET", "", ALL_MOVERS),
    "enterprises:extract": ("GET", "extract", MOVERS - {"town"}),
    "enterprises:extract-progress": ("GET", "extract", MOVERS - {"town"}),
    "enterprises:extract-columns": ("POST", "extract", MOVERS - {"town"}),
    "enterprises:extract-answers": ("POST", "extract", MOVERS - {"town"}),
    "enterprises:extract-errors": ("GET", "extract", MOVERS - {"town"}),
    "enterprises:extract-step": ("POST", "extract_step", MOVERS - {"town"}),
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """Return the objects that these rows are about: an extract and a saved view of the county."""
    blob = store(ContentFile("主体名称\n演示厂".encode()), name="a.csv", owner=("test", "9"), by_id=None)
    extract = Extract.objects.create(
        region_code="410105", file=blob, errors_file=blob, created_by=cast.county, state="read", columns={"name": 0}
    )
    view = SavedView.objects.create(user=cast.county, page="enterprises:list", name="走查", query="risk=red")
    return {"extract": [extract.pk], "extract_step": [extract.pk, "drop"], "saved_view": [view.pk]}
