"""What a device takes along: the due tasks of its post and what one needs at the door, nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone

from anlan.accounts.models import User
from anlan.enterprises.models import Enterprise
from anlan.hazards import deadlines
from anlan.hazards.models import ChecklistVersion, Finding, Hazard, Inspection
from anlan.hazards.models.inspections import InspectionQuerySet
from anlan.lib.codes import mask_name, mask_phone

MOST: Final = 200
"""More than an officer visits in a month: what lies on a phone can be lost with it."""
AHEAD: Final = timedelta(days=45)
"""Half a period: what is due later is planned anew by then."""
GRID_DIGITS: Final = 9
"""Codes of grids are longer than their town's."""


def due_tasks(user: User) -> InspectionQuerySet:
    """The inspections that this post should make: of its own grid unless somebody else is named; above the grid, and for agencies
    and associations, those in its own name or kind. Most urgent first."""
    mine = Inspection.objects.visible_to(user).filter(
        Q(inspector__isnull=True) | Q(inspector=user), state__in=[Inspection.State.PLANNED, Inspection.State.DOING]
    )
    post = user.post
    if post is not None and post.is_territorial and len(post.region_code) <= GRID_DIGITS:
        mine = mine.filter(Q(inspector=user) | Q(kind=Inspection.Kind.TOWN, region_code__startswith=post.region_code))
    soon = timezone.localdate() + AHEAD
    return mine.filter(Q(due_on__lte=soon) | Q(due_on__isnull=True)).order_by("due_on", "id")


def pack(user: User) -> dict[str, Any]:
    """The tasks, firms and checklists as JSON; `more` is how many due tasks did not fit."""
    rows = due_tasks(user)
    found = list(rows.select_related("enterprise__organisation")[: MOST + 1])
    more = rows.count() - MOST if len(found) > MOST else 0
    found = found[:MOST]
    ids = [row.pk for row in found]
    lists: dict[int, list[int]] = defaultdict(list)
    through = Inspection.checklists.through.objects.filter(inspection_id__in=ids).order_by("id")
    for inspection_id, version_id in through.values_list("inspection_id", "checklistversion_id"):
        lists[inspection_id].append(version_id)
    answers: dict[int, dict[str, Any]] = defaultdict(dict)
    for finding in Finding.objects.filter(inspection_id__in=ids):
        answers[finding.inspection_id][f"{finding.checklist_id}:{finding.item}"] = {
            "result": finding.result, "note": finding.note,
        }  # fmt: skip
    registered: dict[int, list[str]] = defaultdict(list)
    entered = Hazard.objects.filter(inspection_id__in=ids, checklist__isnull=False).exclude(state=Hazard.State.VOID)
    for inspection_id, list_id, item in entered.values_list("inspection_id", "checklist_id", "item"):
        registered[inspection_id or 0].append(f"{list_id}:{item}")
    again = _to_reinspect(user, {row.enterprise_id for row in found})
    today = timezone.localdate()
    return {
        "at": int(timezone.now().timestamp() * 1000),
        "more": max(0, more),
        "deadlines": {grade: deadlines.propose(grade, today).isoformat() for grade in Hazard.Grade.values},
        "latest": {grade: deadlines.latest(grade, today).isoformat() for grade in Hazard.Grade.values},
        "tasks": [
            {
                "uid": str(row.uid), "title": _title(row), "kind": row.kind, "due": row.due_on and row.due_on.isoformat(),
                "state": row.state, "plan": row.plan, "firm": _firm(row.enterprise), "lists": lists[row.pk],
                "answers": answers[row.pk], "registered": registered[row.pk], "recheck": again[row.enterprise_id],
            }
            for row in found
        ],
        "lists": {str(version.pk): _list(version) for version in _versions({pk for pks in lists.values() for pk in pks})},
    }  # fmt: skip


def _versions(ids: Iterable[int]) -> Iterable[ChecklistVersion]:
    return ChecklistVersion.objects.filter(pk__in=list(ids)).select_related("checklist")


def _to_reinspect(user: User, firms: set[int]) -> dict[int, list[dict[str, Any]]]:
    """Hazards of these firms that wait for re-inspection and that this person did not cure."""
    waiting: dict[int, list[dict[str, Any]]] = defaultdict(list)
    rows = Hazard.objects.visible_to(user).filter(state=Hazard.State.CURED, enterprise_id__in=firms)
    for hazard in rows.order_by("deadline", "id"):
        waiting[hazard.enterprise_id].append(
            {
                "id": hazard.pk, "title": hazard.title, "place": hazard.place, "grade": hazard.grade, "measure": hazard.measure,
                "deadline": hazard.deadline and hazard.deadline.isoformat(),
            }
        )  # fmt: skip
    return waiting


def _title(row: Inspection) -> str:
    kind = row.get_kind_display()
    if len(row.period) == 6 and row.period[4] == "Q":
        return f"{row.period[:4]} 年第 {row.period[5]} 季度{kind}"
    return str(kind)


def _firm(firm: Enterprise) -> dict[str, Any]:
    return {
        "id": firm.pk, "name": firm.organisation.name, "address": firm.address, "risk": firm.risk, "risk_word": firm.get_risk_display(),
        "contact": mask_name(firm.legal_person) if firm.legal_person else "",
        "phone": mask_phone(firm.contact_phone) if firm.contact_phone else "",
        "lat": firm.latitude, "lng": firm.longitude,
    }  # fmt: skip


def _list(version: ChecklistVersion) -> dict[str, Any]:
    return {"name": version.checklist.name, "number": version.number, "items": version.items}
