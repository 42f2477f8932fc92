"""A second person for sensitive changes (P-06): ask, decide, take back.

The app that owns a change registers its effect under a kind:

    @effect("merge_enterprises", _("合并企业"))
    def merge(approval: Approval, by: User) -> None: ...

The effect runs in the transaction of the decision; when it raises `Refused`, nothing is decided.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import Approval, User
from anlan.audit.actions import describe, record
from anlan.lib.errors import Refused, Text

Effect = Callable[[Approval, User], None]
EFFECTS: Final[dict[str, tuple[Text, Effect]]] = {}


def effect(kind: str, label: Text) -> Callable[[Effect], Effect]:
    """Register what happens when an approval of this kind is given."""

    def register(function: Effect) -> Effect:
        EFFECTS[kind] = (label, function)
        return function

    return register


@transaction.atomic
def ask_approval(
    kind: str, subject: models.Model, *, by: User, region_code: str, because: str, **payload: Any
) -> Approval:
    """Put a change before a second person whose territory covers `region_code`. `payload` is JSON for the effect.

    The caller has checked that `by` may ask. Raises `Refused`: no reason given (422), already asked (409).
    """
    if not because.strip():
        raise Refused(_("请写明理由，审批的人要看。"), code="no_reason", status=422, field="because")
    subject_kind, subject_id, name = describe(subject)
    try:
        with transaction.atomic():
            approval = Approval.objects.create(
                kind=kind, subject_kind=subject_kind, subject_id=subject_id, subject_name=name, region_code=region_code,
                payload=payload, because=because.strip()[:500], asked_by=by,
            )  # fmt: skip
    except IntegrityError:
        raise Refused(_("这件事已经有人提出，正等审批，没有重复提交。"), code="asked_already") from None
    record("ask_approval", subject, by=by, region_code=region_code, what=kind, reason=because)
    return approval


@transaction.atomic
def decide_approval(approval: Approval, *, by: User, approve: bool, words: str = "") -> None:
    """Approve (the effect runs now) or refuse. Raises `Refused`: not the second person (403), no reason for a no (422),
    decided already (409), or whatever the effect refuses."""
    if by.pk == approval.asked_by_id:
        raise Refused(_("自己提出的，要由另一个人审批。"), code="own_request", status=403)
    if not approval.can_decide(by) and approval.state == Approval.State.ASKED:
        raise Refused(_("没有找到这件审批。"), code="not_found", status=404)
    if not approve and not words.strip():
        raise Refused(_("不批准的话，请写明原因。"), code="no_words", status=422, field="words")
    state = Approval.State.APPROVED if approve else Approval.State.REFUSED
    mine = Approval.objects.filter(pk=approval.pk, state=Approval.State.ASKED)
    if not mine.update(state=state, decided_by=by, decided_at=timezone.now(), words=words.strip()[:500]):
        raise Refused(_("这件事已经有人审批过了，没有再改动。"), code="decided_already")
    approval.refresh_from_db()
    if approve:
        EFFECTS[approval.kind][1](approval, by)
    record(
        "decide_approval", (approval.subject_kind, approval.subject_id, approval.subject_name), by=by,
        region_code=approval.region_code, what=approval.kind, approved=approve, reason=words,
    )  # fmt: skip


@transaction.atomic
def withdraw_approval(approval: Approval, *, by: User) -> None:
    """Take back one's own request. Raises `Refused`: not one's own (404), decided already (409)."""
    if approval.asked_by_id != by.pk:
        raise Refused(_("没有找到这件审批。"), code="not_found", status=404)
    mine = Approval.objects.filter(pk=approval.pk, state=Approval.State.ASKED)
    if not mine.update(state=Approval.State.WITHDRAWN, decided_at=timezone.now()):
        raise Refused(_("这件事已经有人审批过了，没有再改动。"), code="decided_already")
