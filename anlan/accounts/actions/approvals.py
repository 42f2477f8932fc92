"""A second person for sensitive changes (P-06): ask, decide, take back.

The app that owns a change registers its effect under a kind:

    @effect("merge_enterprises", _("合并企业"), says=…, then=_("批准后…"))
    def merge(approval: Approval, by: User) -> None: ...

The effect runs in the transaction of the decision; when it raises `Refused`, nothing is decided. `says` puts the payload
into words, `then` says plainly what happens on approval: the second person decides on these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db import IntegrityError, models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import Approval, Post, Role, User
from anlan.accounts.telling import take_back, tell
from anlan.audit.actions import describe, record
from anlan.audit.verbs import facts
from anlan.lib.errors import Refused, Text

Effect = Callable[[Approval, User], None]
Says = Callable[[Approval], list[tuple[Text, str]]]
TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class Change:
    """A kind of sensitive change: its name, what runs on approval, its payload in words, what happens then."""

    label: Text
    run: Effect
    says: Says | None = None
    then: Text = ""


EFFECTS: Final[dict[str, Change]] = {}


def effect(kind: str, label: Text, *, says: Says | None = None, then: Text = "") -> Callable[[Effect], Effect]:
    """Register what happens when an approval of this kind is given, and how it is explained before."""

    def register(function: Effect) -> Effect:
        EFFECTS[kind] = Change(label, function, says, then)
        return function

    return register


def label_of(kind: str) -> str:
    """The name of a kind of change, for people."""
    return str(EFFECTS[kind].label) if kind in EFFECTS else kind


def explain(approval: Approval) -> tuple[list[tuple[Text, str]], Text]:
    """Return the payload in words, empty values left out, and what happens on approval."""
    change = EFFECTS.get(approval.kind)
    rows = change.says(approval) if change and change.says else facts(approval.payload)
    return [(name, words) for name, words in rows if words], change.then if change else ""


def approvers_of(region_code: str, *, but: User) -> list[User]:
    """Return who may be the second person for a change there, the nearest office first; not who asks. One query and one for roles."""
    roles = [role.pk for role in Role.objects.all() if powers.APPROVE in role.powers]
    above = [region_code[:n] for n in range(2, len(region_code) + 1)]
    posts = Post.objects.open().filter(role__in=roles, region_code__in=above, organisation=None, user__is_active=True)
    found = sorted(posts.exclude(user=but).select_related("user"), key=lambda post: (-len(post.region_code), post.pk))
    return list({post.user_id: post.user for post in found}.values())


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
    record("ask_approval", subject, by=by, region_code=region_code, what=label_of(kind), reason=because)
    tell(
        approvers_of(region_code, but=by)[:TOLD], "approval", _("等您审批：%(what)s，%(name)s") % {"what": label_of(kind), "name": name},
        key=f"approval:{approval.pk}", text=_("%(who)s提出：%(why)s") % {"who": by.name, "why": approval.because},
        url=reverse("accounts:approval", args=[approval.pk]),
    )  # fmt: skip
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
        EFFECTS[approval.kind].run(approval, by)
    record(
        "decide_approval", (approval.subject_kind, approval.subject_id, approval.subject_name), by=by,
        region_code=approval.region_code, what=label_of(approval.kind), approved=approve, reason=words,
    )  # fmt: skip
    _close(approval)
    said = _("已批准，现在生效：%(what)s，%(name)s") if approve else _("没有批准：%(what)s，%(name)s")
    tell(
        [approval.asked_by_id], "approval", said % {"what": label_of(approval.kind), "name": approval.subject_name},
        key=f"approval-decided:{approval.pk}", text=f"{by.name}：{approval.words}" if approval.words else by.name,
        url=reverse("accounts:approval", args=[approval.pk]),
    )  # fmt: skip


def _close(approval: Approval) -> None:
    """Whoever has not read yet that it waits need not read it any more."""
    take_back([f"approval:{approval.pk}"])


@transaction.atomic
def withdraw_approval(approval: Approval, *, by: User) -> None:
    """Take back one's own request. Raises `Refused`: not one's own (404), decided already (409)."""
    if approval.asked_by_id != by.pk:
        raise Refused(_("没有找到这件审批。"), code="not_found", status=404)
    mine = Approval.objects.filter(pk=approval.pk, state=Approval.State.ASKED)
    if not mine.update(state=Approval.State.WITHDRAWN, decided_at=timezone.now()):
        raise Refused(_("这件事已经有人审批过了，没有再改动。"), code="decided_already")
    approval.refresh_from_db()
    record(
        "withdraw_approval", (approval.subject_kind, approval.subject_id, approval.subject_name), by=by,
        region_code=approval.region_code, what=label_of(approval.kind),
    )  # fmt: skip
    _close(approval)
