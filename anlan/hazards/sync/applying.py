"""What an entry of the log does, by the same actions as the pages. What two people say differently is never overwritten:
it becomes a `Conflict` that a person decides.

Fields are compared three ways: what the server holds, what the device brings, and what the device knew when it was written
(`base`). Whoever alone changed a field is right; both with the same value is no conflict.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import uuid
from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any, Final

from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.files.pictures import check_drawing
from anlan.hazards.actions.hazards import fail_hazard, pass_hazard, register_hazard
from anlan.hazards.actions.inspections import (
    SIDES,
    answer_item,
    finish_inspection,
    sign_inspection,
    start_inspection,
)
from anlan.hazards.models import ChecklistVersion, Conflict, Finding, Hazard, Inspection, Operation, Photo
from anlan.hazards.sync import uploads
from anlan.hazards.sync.doubts import tell_of_conflict
from anlan.hazards.sync.protocol import Entry
from anlan.lib.errors import Refused

Outcome = Operation.Outcome
Result = tuple[str, str]
"""Outcome and, where there is something to say, the words."""
APPLIED: Final[Result] = (Outcome.APPLIED, "")
CLASH: Final[Result] = (Outcome.CONFLICT, "")
SIGNATURE_BYTES: Final = 64 * 1024


def apply(operation: Operation, entry: Entry, *, by: User) -> Result:
    """Do what the entry says; return `applied` or `conflict`, and a word where one is due.

    Runs in the caller's transaction. Raises `Refused` where a rule forbids it, and the usual errors of Python and Django
    where the body lacks what it needs: the caller keeps the entry in quarantine.
    """
    inspection = operation.inspection
    if inspection is None:
        raise LookupError("no inspection")
    inspection.refresh_from_db()
    return HANDLERS[entry.kind](operation, inspection, entry.body, by)


def clash(operation: Operation, inspection: Inspection, field: str, present: dict[str, Any], arriving: Any) -> Result:
    """Put two values of one field before a person. A newer word of the same device takes the place of its older one."""
    said = {"value": arriving, "by": operation.device.user.name, "at": operation.at.isoformat()}
    open_ = Conflict.objects.open().filter(inspection=inspection, field=field, operation__device=operation.device)
    conflict = open_.select_for_update().first()
    if conflict is None:
        conflict = Conflict(inspection=inspection, field=field, operation=operation, present=present)
    conflict.arriving, conflict.operation = said, operation
    conflict.save()
    tell_of_conflict(conflict)
    return CLASH


def _start(operation: Operation, inspection: Inspection, body: dict[str, Any], by: User) -> Result:
    if inspection.state != Inspection.State.PLANNED:
        return Outcome.APPLIED, _("这次检查已经开始。") if inspection.inspector_id != by.pk else ""
    place = body.get("position") or {}
    start_inspection(
        inspection, by=by, at=operation.at, latitude=uploads.degrees(place.get("lat")), longitude=uploads.degrees(place.get("lng")),
        accuracy=uploads.metres(place.get("acc")), no_position=_why_nowhere(place.get("none")),
    )  # fmt: skip
    return APPLIED


def _why_nowhere(reason: object) -> str:
    return {
        "denied": _("没有允许手机使用位置"), "unknown": _("现场收不到定位信号"), "unsupported": _("手机不支持定位"),
    }.get(str(reason), "")  # fmt: skip


def _answer(operation: Operation, inspection: Inspection, body: dict[str, Any], by: User) -> Result:
    version = inspection.checklists.get(pk=body["list"])
    item, arriving = body["item"], {"result": body["result"], "note": str(body.get("note", ""))[:500]}
    if version.item(item) is None or arriving["result"] not in Finding.Result.values:
        raise LookupError("no such item or result")
    field = f"answer:{version.pk}:{item}"
    finding = Finding.objects.filter(inspection=inspection, checklist=version, item=item).select_related("by").first()
    held = {"result": finding.result, "note": finding.note} if finding else None
    if held == arriving:
        _settle(operation, inspection, field)
        return APPLIED
    if held != body.get("base") or inspection.state == Inspection.State.DONE:
        return clash(operation, inspection, field, _present(held, finding), arriving)
    # Two clocks differ by seconds; what was written in the knowledge of the other came after it.
    at = max(operation.at, finding.at) if finding else operation.at
    answer_item(inspection, version, item, by=by, at=at, **arriving)
    return APPLIED


def _settle(operation: Operation, inspection: Inspection, field: str) -> None:
    """The device now says what the server holds: its open conflict there is over."""
    open_ = Conflict.objects.open().filter(inspection=inspection, field=field, operation__device=operation.device)
    open_.update(chosen="present", decided_by=operation.device.user, decided_at=operation.at)


def _present(value: Any, finding: Finding | None = None) -> dict[str, Any]:
    return {
        "value": value, "by": finding.by.name if finding and finding.by else "", "at": finding.at.isoformat() if finding else "",
    }  # fmt: skip


def _photo(operation: Operation, inspection: Inspection, body: dict[str, Any], by: User) -> Result:
    return APPLIED  # announced when the entry was taken; it becomes evidence when its bytes are here


def _drop(operation: Operation, inspection: Inspection, body: dict[str, Any], by: User) -> Result:
    return Outcome.APPLIED, uploads.drop(uuid.UUID(body["id"]), operation)


def _hazard(operation: Operation, inspection: Inspection, body: dict[str, Any], by: User) -> Result:
    client_id = uuid.UUID(body["id"])
    version = inspection.checklists.filter(pk=body.get("list") or 0).first()
    item = str(body.get("item", ""))[:40]
    others = Hazard.objects.filter(inspection=inspection, checklist=version, item=item).exclude(client_id=client_id)
    other = others.exclude(state=Hazard.State.VOID).select_related("found_by").first() if version and item else None
    if other is not None and (other.title, other.place, other.grade) == (body["title"], body["place"], body["grade"]):
        return Outcome.APPLIED, _("同样的隐患已经登记。")
    if other is not None:
        present = {
            "value": {"title": other.title, "place": other.place, "grade": other.grade, "hazard": other.pk},
            "by": other.found_by.name if other.found_by else "", "at": other.found_at.isoformat(),
        }  # fmt: skip
        return clash(operation, inspection, f"hazard:{version.pk if version else 0}:{item}", present, body)
    enter_hazard(operation, inspection, body, version, by)
    return APPLIED


def enter_hazard(
    operation: Operation, inspection: Inspection, body: dict[str, Any], version: ChecklistVersion | None, by: User
) -> Hazard:
    """Register the hazard that an entry describes, with the photos of its item that are here already."""
    item, place = str(body.get("item", ""))[:40], body.get("position") or {}
    about = (version.item(item) if version else None) or {}
    mine = Photo.objects.filter(inspection=inspection, item=item, hazard__isnull=True, by=operation.device.user)
    return register_hazard(
        inspection.enterprise, by=by, source=inspection.kind, title=body["title"], place=body["place"], kind=body["kind"],
        grade=body["grade"], detail=str(body.get("detail", "")), cite=str(about.get("cite", "")),
        criterion=str(about.get("major", "")) if body["grade"] == Hazard.Grade.MAJOR else "",
        measure=str(body.get("measure", "")), responsible=str(body.get("responsible", ""))[:60],
        deadline=date.fromisoformat(body["deadline"]) if body.get("deadline") else None, inspection=inspection, checklist=version,
        item=item, latitude=uploads.degrees(place.get("lat")), longitude=uploads.degrees(place.get("lng")),
        photos=list(mine) if item else [], at=operation.at, client_id=uuid.UUID(body["id"]),
    )  # fmt: skip


def _recheck(operation: Operation, inspection: Inspection, body: dict[str, Any], by: User) -> Result:
    hazard = Hazard.objects.visible_to(by).filter(enterprise_id=inspection.enterprise_id, pk=body["hazard"]).first()
    if hazard is None:
        raise Refused(_("这条隐患不在这家企业，没有复查。"), code="not_found", status=404)
    photos = Photo.objects.filter(inspection=inspection, hazard=hazard, step__isnull=True, by=operation.device.user)
    words = str(body.get("words", ""))
    if body["pass"] is True:
        pass_hazard(hazard, by=by, words=words, photos=list(photos), inspection=inspection, at=operation.at)
    else:
        fail_hazard(hazard, by=by, words=words, photos=list(photos), inspection=inspection, at=operation.at)
    return APPLIED


def _sign(operation: Operation, inspection: Inspection, body: dict[str, Any], by: User) -> Result:
    who, name, png = body["who"], str(body.get("name", ""))[:60], signature_of(body)
    blob, signed_as = (getattr(inspection, field) for field in SIDES[who])
    ours = Operation.objects.filter(
        device=operation.device, inspection=inspection, kind="sign", body__who=who, outcome=Outcome.APPLIED
    )
    if signed_as and not (ours.exists() and inspection.state != Inspection.State.DONE):
        if signed_as == name and blob is not None and blob.sha256 == hashlib.sha256(png).hexdigest():
            return APPLIED
        present = _held(inspection, {"name": signed_as, "blob": blob.pk if blob else 0})
        return clash(operation, inspection, f"sign:{who}", present, {"name": name, "drawn": bool(png)})
    sign_inspection(inspection, who=who, name=name, content=BytesIO(png) if png else None, by=by, at=operation.at)
    return APPLIED


def _held(inspection: Inspection, value: Any) -> dict[str, Any]:
    at = inspection.done_at or inspection.started_at
    return {
        "value": value,
        "by": inspection.inspector.name if inspection.inspector else "",
        "at": at.isoformat() if at else "",
    }


def signature_of(body: dict[str, Any]) -> bytes:
    """The picture of a signature; empty where somebody only wrote their name. Raises `ValueError`, or `Refused` for no drawing."""
    try:
        png = base64.b64decode(str(body.get("png", "")), validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    if len(png) > SIGNATURE_BYTES:
        raise ValueError("signature too large")
    if png:
        check_drawing(BytesIO(png))
    return png


def _finish(operation: Operation, inspection: Inspection, body: dict[str, Any], by: User) -> Result:
    result, fresh = APPLIED, {}
    for field, value in (
        ("words", str(body.get("words", ""))[:2000].strip()),
        ("accompanied_by", str(body.get("accompanied", ""))[:60].strip()),
    ):
        held = getattr(inspection, field)
        if value and held and held != value:
            result = clash(operation, inspection, f"field:{field}", _held(inspection, held), value)
        elif value and not held and inspection.state == Inspection.State.DONE:
            result = clash(operation, inspection, f"field:{field}", _held(inspection, ""), value)
        elif value:
            fresh[field] = value
    if inspection.state != Inspection.State.DONE:
        finish_inspection(inspection, by=by, at=operation.at, **fresh)
    return result


HANDLERS: Final[dict[str, Callable[[Operation, Inspection, dict[str, Any], User], Result]]] = {
    "start": _start, "answer": _answer, "photo": _photo, "drop": _drop, "hazard": _hazard, "recheck": _recheck, "sign": _sign,
    "finish": _finish,
}  # fmt: skip
