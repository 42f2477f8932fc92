"""Inspections, checklists, safety reports."""

from typing import Any

from django.utils import timezone

from anlan.enterprises.models import Enterprise
from anlan.hazards.actions.checklists import copy_checklist, draft_version, load_checklists
from anlan.hazards.actions.evidence import add_photo
from anlan.hazards.actions.inspections import open_inspection, sign_inspection
from anlan.hazards.actions.reports import open_reports
from anlan.hazards.models import Checklist, Hazard, Inspection, SafetyReport
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.drawings import draw
from anlan.operations.demo.inspections import scrawl
from tests.walk.people import AGENCIES, ASSOCIATION, FIRM, FIRMS, REGULATORS, TERRITORY

INSPECTORS = frozenset({"county", "deputy", "town", "grid"})
OTHERS = frozenset({"other_county", "other_grid"})
READERS = REGULATORS | AGENCIES | ASSOCIATION
KEEPERS = frozenset({"province", "city", "county", "deputy"})
ALLOWED = {
    "hazards:inspections": ("GET", "", READERS | FIRMS),
    "hazards:inspections-plan": ("GET", "", REGULATORS),
    "hazards:inspection-new": ("GET", "", INSPECTORS | OTHERS | AGENCIES | ASSOCIATION),
    "hazards:inspection": ("GET", "visit", TERRITORY | FIRM),
    "hazards:inspection-begin": ("POST", "visit", INSPECTORS),
    "hazards:inspection-answer": (
        "POST",
        "visit",
        frozenset(),
    ),  # 404 without a list for everybody; actions have their tests
    "hazards:inspection-photos": ("POST", "visit", TERRITORY | FIRM),  # nothing is kept without a picture
    "hazards:inspection-photo": ("GET", "visit_photo", TERRITORY | FIRM),
    "hazards:inspection-signature": ("GET", "visit_signature", TERRITORY | FIRM),
    "hazards:inspection-hazard": ("GET", "visit_item", INSPECTORS),
    "hazards:inspection-recheck": ("POST", "visit_recheck", frozenset()),  # 404: that hazard is not of this firm
    "hazards:inspection-finish": ("POST", "visit", INSPECTORS),
    "hazards:inspection-cancel": ("POST", "visit_cancel", INSPECTORS),
    "hazards:inspection-assign": ("POST", "visit_assign", INSPECTORS),
    "hazards:inspection-pdf": ("GET", "visit", TERRITORY | FIRM),
    "hazards:follow-up": ("GET", "agency_hazard", frozenset({"agency", "engineer"})),
    "hazards:checklists": ("GET", "", READERS),
    "hazards:checklist": ("GET", "checklist", READERS),
    "hazards:checklist-compare": ("GET", "checklist", READERS),
    "hazards:checklist-pdf": ("GET", "checklist", READERS),
    "hazards:checklist-draft": ("POST", "local_list", KEEPERS),
    "hazards:checklist-item-new": ("GET", "local_list", KEEPERS),
    "hazards:checklist-item": ("GET", "local_item", KEEPERS),
    "hazards:checklist-change": ("POST", "local_move", KEEPERS),
    "hazards:checklist-retire": ("POST", "local_list", KEEPERS),
    "hazards:checklist-copy": ("POST", "checklist", REGULATORS - {"town", "grid", "other_grid"}),
    "hazards:reports": ("GET", "", REGULATORS | FIRMS),
    "hazards:reports-review": ("POST", "", INSPECTORS | OTHERS),
    "hazards:report-rates": ("GET", "", REGULATORS),
    "hazards:reports-export": ("GET", "", REGULATORS | FIRMS),
    "hazards:report": ("GET", "report", TERRITORY | FIRM),
    "hazards:report-answer": ("POST", "report", FIRM),
    "hazards:report-submit": ("POST", "report", FIRM),
    "hazards:report-review": ("POST", "report", INSPECTORS),
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """A visit of the grid to the forge, a hazard of the agency, a list of the county, a report."""
    from anlan.enterprises.models import Mandate
    from anlan.hazards.actions import register_hazard

    load_checklists()
    forge = Enterprise.objects.select_related("organisation").get(pk=cast.forge.pk)
    Mandate.objects.get_or_create(
        enterprise=forge,
        organisation=cast.anhe,
        kind="contract",
        reason="走查",
        defaults={"since": timezone.localdate()},
    )
    found = register_hazard(
        forge, by=cast.agency, source="agency", title="走查：线乱", place="2 号车间", kind="electric"
    )
    Hazard.objects.filter(pk=found.pk).update(found_for=cast.anhe)
    version: Any = Checklist.objects.get(code="machining").current
    visit, dropped, given = (open_inspection(forge, by=cast.grid, checklists=[version]) for _n in range(3))
    photo = add_photo(visit, by=cast.grid, content=draw("exit"), name="a.jpg")
    sign_inspection(visit, who="officer", by=cast.grid, content=scrawl(3))
    open_reports(timezone.localdate().replace(day=1))
    report = SafetyReport.objects.filter(enterprise=forge).earliest("pk")
    local = copy_checklist(Checklist.objects.get(code="general"), by=cast.county)
    draft = draft_version(local, by=cast.county)
    assert Inspection.objects.filter(enterprise=forge).count() >= 3
    return {
        "visit": [visit.pk],
        "visit_cancel": [dropped.pk],
        "visit_assign": [given.pk],
        "visit_photo": [visit.pk, photo.pk],
        "visit_signature": [visit.pk, "officer"],
        "visit_item": [given.pk, version.pk, version.items[0]["key"]],
        "visit_recheck": [given.pk, 0],
        "agency_hazard": [found.pk],
        "checklist": [Checklist.objects.get(code="machining").pk],
        "local_list": [local.pk],
        "local_item": [local.pk, draft.items[0]["key"]],
        "local_move": [local.pk, "publish"],
        "report": [report.pk],
    }
