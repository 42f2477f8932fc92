"""The approval chain of a dangerous-work permit: handed in, signed in order, valid for hours, closed after the work.

Signing seals the values: from the moment a permit is handed in they are locked, and every signature keeps the hash of
what was signed. GB 30871-2022 asks for an analysis before the work, approval by level, a limited validity and an
acceptance when the work is done; who signs and for how long is data of the template.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import Post, User
from anlan.audit.actions import record
from anlan.ledgers.actions.entries import Invalid, interpret, keep_signature, next_number
from anlan.ledgers.fields import is_shown
from anlan.ledgers.models import Entry, Step
from anlan.ledgers.values import Typed
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify

DEFAULT_HOURS: Final = 8


def steps_for(entry: Entry) -> list[dict[str, Any]]:
    """The steps that this entry needs: those whose condition its values meet."""
    return [step for step in entry.version.steps if is_shown({"show": step.get("when")}, entry.values)]


def hours_of(entry: Entry) -> int:
    """For how many hours the permit is valid once approved, by the rule of its version."""
    rule = entry.version.permit.get("hours", {})
    chosen = str(entry.values.get(rule.get("field", ""), ""))
    return int(rule.get("by", {}).get(chosen) or rule.get("else") or DEFAULT_HOURS)


def candidates(entry: Entry, who: str) -> list[User]:
    """Who of the firm could take a step of this kind: never the applicant."""
    posts = (
        Post.objects.open()
        .filter(organisation_id=entry.enterprise_id, user__is_active=True)
        .exclude(user_id=entry.created_by_id or 0)
    )
    found: dict[int, User] = {}
    for post in posts.select_related("user", "role").order_by("user__name"):
        manages = powers.MANAGE_ENTERPRISE in post.role.powers
        if (
            who == Step.Who.PERSON
            or (who == Step.Who.HEAD and post.role_id == "enterprise_admin")
            or (who == Step.Who.MANAGER and manages)
        ):
            found[post.user_id] = post.user
    return list(found.values())


@transaction.atomic
def hand_in(entry: Entry, typed: Typed, *, by: User) -> Entry:
    """Hand a checked draft in for approval; the applicant signs first. `typed` holds `person.<n>` for the steps whose
    person is chosen, `signed` (name) and `drawn` (picture). Raises `Refused`: nobody can take a step, not one's own."""
    if entry.created_by_id != by.pk or entry.state not in Entry.OPEN:
        raise Refused(_("只有申请人能提交审批，而且只能提交一次。"), code="not_applicant")
    check_for_hand_in(entry)
    chain = steps_for(entry)
    if not chain:
        raise Refused(_("这本台账不用审批。"), code="no_chain")
    number = entry.round + 1
    rows = [
        Step(
            entry=entry,
            round=number,
            position=0,
            name=_("申请"),
            who=Step.Who.APPLICANT,
            person=by,
            state=Step.State.SIGNED,
            at=timezone.now(),
        )
    ]
    for position, step in enumerate(chain, start=1):
        people = {user.pk: user for user in candidates(entry, step["who"])}
        if not people:
            raise Refused(
                _("“%(step)s”没有人能签：申请人不能审批自己的申请，请先给别人开通账号。") % {"step": step["name"]},
                code="nobody",
                status=422,
            )
        chosen = None
        if step["who"] == Step.Who.PERSON:
            asked = str(typed.get(f"person.{position}", "") or "")
            chosen = people.get(int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 18 else None
            if chosen is None:
                raise Refused(_("请选“%(step)s”由谁签。") % {"step": step["name"]}, code="no_person", status=422)
        rows.append(
            Step(
                entry=entry,
                round=number,
                position=position,
                name=step["name"],
                must=step.get("must", ""),
                who=step["who"],
                person=chosen,
            )
        )
    rows[0].signature = keep_signature(entry, f"step:{number}.0", str(typed.get("drawn", "") or ""), by=by)
    rows[0].signed_name = (str(typed.get("signed", "") or "").strip() or by.name)[:60]
    more: dict[str, Any] = {} if entry.number else {"number": next_number(entry)}
    if not Entry.objects.filter(pk=entry.pk, state=entry.state, revision=entry.revision).update(
        state=Entry.State.PENDING, round=number, entered_at=timezone.now(), revision=F("revision") + 1, **more
    ):
        raise Refused(_("这一条刚刚被改过或已经提交，没有重复提交。"), code="stale")
    entry.refresh_from_db()
    rows[0].seal = entry.seal()
    Step.objects.bulk_create(rows)
    record("hand_in_permit", entry, by=by, region_code=entry.region_code, round=number)
    _ask_next(entry)
    return entry


def waiting_step(entry: Entry) -> Step | None:
    """The step that waits for a signature now."""
    if entry.state != Entry.State.PENDING:
        return None
    return (
        entry.steps.filter(round=entry.round, state=Step.State.WAITING)
        .select_related("entry", "person")
        .order_by("position")
        .first()
    )


def _ask_next(entry: Entry) -> None:
    step = waiting_step(entry)
    if step is None:
        return
    people = [step.person] if step.person else candidates(entry, step.who)
    notify(
        [user for user in people if user is not None], "permit", _("%(what)s 等您签字") % {"what": entry.template.name},
        key=f"permit:{entry.pk}:{entry.round}:{step.position}", url=reverse("ledgers:entry", args=[entry.pk]),
        text=_("%(number)s，%(step)s。") % {"number": entry.number, "step": step.name},
    )  # fmt: skip


@transaction.atomic
def sign_step(step: Step, typed: Typed, *, by: User) -> Entry:
    """Sign the step whose turn it is. After the last one the permit is valid, counted from that moment."""
    entry = _check_turn(step, by)
    signature = keep_signature(entry, f"step:{entry.round}.{step.position}", str(typed.get("drawn", "") or ""), by=by)
    name = str(typed.get("signed", "") or "").strip()[:60] or (by.name if signature else "")
    if not name:
        raise Refused(_("请签名，或写上您的姓名。"), code="unsigned", status=422, field="signed")
    _take(step, Step.State.SIGNED, by, typed, signature=signature, signed_name=name, seal=entry.seal())
    record("sign_permit", entry, by=by, region_code=entry.region_code, step=step.name)
    if entry.steps.filter(round=entry.round, state=Step.State.WAITING).exists():
        _ask_next(entry)
        return entry
    now = timezone.now()
    if not Entry.objects.filter(pk=entry.pk, state=Entry.State.PENDING).update(
        state=Entry.State.VALID,
        valid_from=now,
        valid_until=now + timedelta(hours=hours_of(entry)),
        revision=F("revision") + 1,
    ):
        raise Refused(_("这张票刚刚已被作废，没有签。"), code="not_turn")
    entry.refresh_from_db()
    record("approve_permit", entry, by=by, region_code=entry.region_code, hours=hours_of(entry))
    _tell_applicant(entry, _("%(what)s 已经批准") % {"what": entry.template.name}, "approved")
    return entry


@transaction.atomic
def return_permit(step: Step, because: str, *, by: User) -> Entry:
    """Send the permit back to the applicant with a reason; the values may then be changed and all sign anew."""
    entry = _check_turn(step, by)
    if not because.strip():
        raise Refused(_("请写明为什么退回，申请人才知道改哪里。"), code="reason", status=422, field="words")
    _take(step, Step.State.RETURNED, by, {"words": because})
    Entry.objects.filter(pk=entry.pk, state=Entry.State.PENDING).update(
        state=Entry.State.RETURNED, revision=F("revision") + 1
    )
    entry.refresh_from_db()
    record("return_permit", entry, by=by, region_code=entry.region_code, step=step.name, because=because.strip()[:300])
    _tell_applicant(entry, _("%(what)s 被退回") % {"what": entry.template.name}, "returned", because.strip())
    return entry


def _check_turn(step: Step, by: User) -> Entry:
    entry = step.entry
    if not step.can_sign(by):
        if step.state == Step.State.WAITING and by.pk == entry.created_by_id:
            raise Refused(_("申请人不能审批自己的申请。"), code="own_application", status=403)
        if step.state != Step.State.WAITING:
            raise Refused(_("这一步刚刚有人签过了，没有重复签。"), code="taken")
        raise Refused(_("这一步不由您签。"), code="not_signer", status=403)
    turn = waiting_step(entry)
    if turn is None or turn.pk != step.pk:
        raise Refused(_("还没有轮到这一步，或这张票已经退回。"), code="not_turn")
    return entry


def _take(step: Step, state: str, by: User, typed: Typed | dict[str, str], **more: Any) -> None:
    """Compare-and-set on the step: of two who sign at once, one wins."""
    words = str(typed.get("words", "") or "").strip()[:300]
    if not Step.objects.filter(pk=step.pk, state=Step.State.WAITING).update(
        state=state, person=by, words=words, at=timezone.now(), **more
    ):
        raise Refused(_("这一步刚刚有人签过了，没有重复签。"), code="taken")


def _tell_applicant(entry: Entry, title: str, what: str, text: str = "") -> None:
    if entry.created_by_id is not None:
        notify(
            [entry.created_by_id], "permit", title, text=text, key=f"permit:{entry.pk}:{entry.round}:{what}",
            url=reverse("ledgers:entry", args=[entry.pk]),
        )  # fmt: skip


@transaction.atomic
def close_permit(entry: Entry, words: str, *, by: User) -> None:
    """Record that the work is done and the place was left safe (完工验收). Also after the time is over."""
    if not entry.can_close(by):
        status = 409 if entry.state != Entry.State.VALID else 403
        raise Refused(_("只有作业有效的票能验收，由申请人或企业管理人员办理。"), code="not_closable", status=status)
    if not words.strip():
        raise Refused(_("请写明现场清理和验收的情况。"), code="words", status=422, field="words")
    if not Entry.objects.filter(pk=entry.pk, state=Entry.State.VALID).update(
        state=Entry.State.CLOSED,
        ended_at=timezone.now(),
        ended_by=by,
        ended_words=words.strip()[:300],
        revision=F("revision") + 1,
    ):
        raise Refused(_("这张票刚刚已经验收或作废，没有重复登记。"), code="ended")
    record("close_permit", entry, by=by, region_code=entry.region_code, late=entry.is_over)


def check_for_hand_in(entry: Entry) -> None:
    """Raise `Invalid` unless what is stored can be handed in as it is."""
    found = interpret(entry, _Stored(entry))
    if found.errors:
        raise Invalid(found)


class _Stored:
    """The stored values as if they had been typed again."""

    def __init__(self, entry: Entry) -> None:
        self.names: dict[str, list[str]] = {}
        for key, value in entry.values.items():
            if isinstance(value, dict):
                self.names[f"v.{key}"] = [str(value.get("id") or value.get("name", ""))]
            elif isinstance(value, list) and value and isinstance(value[0], dict):
                for n, row in enumerate(value):
                    self.names |= {f"v.{key}.{n}.{column}": [str(text)] for column, text in row.items()}
            else:
                self.names[f"v.{key}"] = (
                    [str(each) for each in value] if isinstance(value, list) else [str(value or "")]
                )

    def get(self, key: str, default: Any = None, /) -> Any:
        return self.names.get(key, [default])[-1] if self.names.get(key) else default

    def getlist(self, key: str, /) -> list[str]:
        return self.names.get(key, [])

    def keys(self) -> Any:
        return self.names.keys()
