"""What people decide about offline work: entries in doubt are accepted or not, of two answers one is chosen. Nothing is deleted."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.actions import end_sessions
from anlan.accounts.models import Post, User
from anlan.audit.actions import record
from anlan.files.actions import store
from anlan.hazards.actions.inspections import SIDES, answer_item
from anlan.hazards.models import ChecklistVersion, Conflict, Device, Inspection, Operation, PhotoUpload
from anlan.hazards.sync import uploads
from anlan.hazards.sync.applying import enter_hazard, signature_of
from anlan.hazards.sync.taking import UNLINKED, as_entry, take_effect
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify

Outcome = Operation.Outcome
SESSION_MARK: Final = "patrol_vault"
"""Where a session says which phone's store it opened."""


@dataclass(frozen=True, slots=True)
class Decided:
    """How many entries took effect, and how many still could not, with the first reason."""

    applied: int
    left: int
    because: str


def can_decide_doubts(user: User) -> bool:
    """Whether this person may accept or discard entries in doubt of their territory: the town and above."""
    return user.may(powers.COORDINATE) and user.post is not None and user.post.is_territorial


def doubts_to_decide(device: Device, task: uuid.UUID, *, by: User) -> list[Operation]:
    """The undecided entries of one visit of one device, in order. Raises `Refused`: not theirs (403), none there (404)."""
    found = Operation.objects.visible_to(by).in_doubt().filter(device=device, task=task).order_by("sequence", "pk")
    rows = list(found.select_related("device__user", "device__post__role", "device__post__organisation", "inspection"))
    if not rows:
        raise Refused(_("这些记录已经有人处理了。"), code="not_found", status=404)
    if not can_decide_doubts(by) or device.user_id == by.pk:
        raise Refused(_("离线记录由镇街接收，不能由本人决定。"), code="not_yours", status=403)
    return rows


@transaction.atomic
def accept_doubts(device: Device, task: uuid.UUID, *, by: User, words: str = "") -> Decided:
    """Let the entries of one visit take effect: as the officer's work, with the territory that the acceptor lends.

    Entries that a rule still forbids stay in quarantine with the reason. Whose signature is wrong is accepted as what it says,
    on the acceptor's word.
    """
    applied, left, because = 0, 0, ""
    for operation in doubts_to_decide(device, task, by=by):
        if operation.inspection is None:
            operation.inspection = Inspection.objects.visible_to(by).filter(uid=task).first()
        officer = operation.device.user
        officer.post = _lent_post(operation, by)
        if operation.kind == "unread" or operation.inspection is None or officer.post is None:
            left, because = left + 1, because or _("平台上没有这次检查，或记录读不出来。")
            continue
        if not Inspection.objects.visible_to(by).filter(pk=operation.inspection.pk).exists():
            left, because = left + 1, because or _("企业不在您的辖区。")
            continue
        if operation.kind == "photo" and operation.code in UNLINKED:
            uploads.announce(operation, as_entry(operation))
        take_effect(operation, as_entry(operation), by=officer)
        if operation.outcome == Outcome.QUARANTINED:
            operation.save()
            left, because = left + 1, because or operation.because
            continue
        _decide(operation, "accepted", by, words)
        for upload in PhotoUpload.objects.filter(operation=operation):
            uploads.bind_if_ready(upload)
        applied += 1
    _note("accept_offline_work", device, task, by, applied)
    if applied:
        _tell(device, task, by, _("镇街接收了您的离线检查记录"), words)
    return Decided(applied, left, because)


@transaction.atomic
def discard_doubts(device: Device, task: uuid.UUID, *, by: User, words: str) -> int:
    """Do not use the entries of one visit, with the reason. They stay on record. Returns how many."""
    if not words.strip():
        raise Refused(_("请写为什么不采用，网格员会看到。"), code="no_words", status=422, field="words")
    rows = doubts_to_decide(device, task, by=by)
    for operation in rows:
        _decide(operation, "discarded", by, words)
    _note("discard_offline_work", device, task, by, len(rows))
    _tell(device, task, by, _("镇街没有采用您的离线检查记录"), words)
    return len(rows)


@transaction.atomic
def revoke_device(device: Device, *, by: User) -> None:
    """Turn a phone off: what it holds no longer opens, it is signed out, and what it still sends is set aside.

    A phone is a device per post: all that share its store are turned off. By its owner or whoever decides there.
    """
    region = device.post.region_code or (device.post.organisation.region_code if device.post.organisation else "")
    inside = by.post is not None and region.startswith(by.post.region_code) and can_decide_doubts(by)
    if device.user_id != by.pk and not inside:
        raise Refused(_("没有找到这台手机。"), code="not_found", status=404)
    if not Device.objects.filter(pk=device.pk, revoked_at__isnull=True).update(revoked_at=timezone.now()):
        return
    ended = 0
    if device.vault is not None:
        same = Device.objects.filter(user_id=device.user_id, vault=device.vault, revoked_at__isnull=True)
        same.update(revoked_at=timezone.now())
        ended = end_sessions(device.user, SESSION_MARK, {str(device.vault)})
    record("revoke_device", device, by=by, region_code=region, sessions=ended)


@transaction.atomic
def decide_conflict(conflict: Conflict, *, chosen: str, by: User) -> Conflict:
    """Choose between two answers; the other stays on record. The first decision holds.

    Raises `Refused`: not theirs (403), decided already otherwise (409), no such choice (422).
    """
    conflict = Conflict.objects.select_for_update().get(pk=conflict.pk)
    if not conflict.can_decide(by):
        raise Refused(_("这里由检查这家企业的人来选。"), code="not_yours", status=403)
    if chosen not in ("present", "arriving"):
        raise Refused(_("请选一个。"), code="choice", status=422)
    if conflict.chosen:
        if conflict.chosen == chosen:
            return conflict
        who = conflict.decided_by.name if conflict.decided_by else ""
        raise Refused(_("%(name)s刚刚选了另一个，没有改。") % {"name": who}, code="decided")
    if chosen == "arriving":
        _use_arriving(conflict, by)
    conflict.chosen, conflict.decided_by, conflict.decided_at = chosen, by, timezone.now()
    conflict.save()
    inspection = conflict.inspection
    record(
        "decide_conflict", inspection, by=by, region_code=inspection.region_code, field=conflict.field, chosen=chosen
    )
    return conflict


def _use_arriving(conflict: Conflict, by: User) -> None:
    inspection, value = conflict.inspection, conflict.arriving["value"]
    kind, _colon, where = conflict.field.partition(":")
    operation = conflict.operation
    if kind == "answer":
        list_id, _colon, item = where.partition(":")
        answer_item(
            inspection, ChecklistVersion.objects.get(pk=list_id), item, by=by, at=timezone.now(), amend=True, **value
        )
    elif kind == "hazard":
        version = inspection.checklists.filter(pk=value.get("list")).first()
        enter_hazard(operation, inspection, value, version, by)
    elif kind == "sign":
        blob_field, name_field = SIDES[where]
        fields: dict[str, Any] = {name_field: value["name"] or operation.device.user.name}
        if png := signature_of(operation.body):
            fields[blob_field] = store(
                BytesIO(png),
                name=f"{where}.png",
                owner=("inspection", str(inspection.pk)),
                by_id=by.pk,
                kinds=frozenset({"image/png"}),
            )
        _amend(inspection, fields)
    elif where in ("words", "accompanied_by"):
        _amend(inspection, {where: value})


def _amend(inspection: Inspection, fields: dict[str, Any]) -> None:
    """Write into a record that may be finished, after a person chose. The choice itself is recorded."""
    row = Inspection.objects.select_for_update().get(pk=inspection.pk)
    for name, value in fields.items():
        setattr(row, name, value)
    row.version += 1
    row.save(update_fields=[*fields, "version"])


def _lent_post(operation: Operation, by: User) -> Post | None:
    """The officer's role over the acceptor's territory: what the acceptor lends by accepting. Never saved."""
    post, lender = operation.device.post, by.post
    if lender is None:
        return None
    return Post(user=operation.device.user, role=post.role, region_code=lender.region_code, title=post.title)


def _decide(operation: Operation, decision: str, by: User, words: str) -> None:
    operation.decision, operation.decided_by, operation.decided_at = decision, by, timezone.now()
    operation.words = words.strip()[:300]
    operation.save()


def _note(verb: str, device: Device, task: uuid.UUID, by: User, n: int) -> None:
    region = by.post.region_code if by.post else ""
    record(verb, device, by=by, region_code=region, task=str(task), entries=n)


def _tell(device: Device, task: uuid.UUID, by: User, title: str, words: str) -> None:
    key = f"patrol-decided:{device.pk}:{task}:{timezone.now():%Y%m%d%H%M%S}"
    notify([device.user_id], "hazard", title, key=key, text=words or _("由%(name)s处理。") % {"name": by.name})
