"""Making an inspection: opened, begun, answered item by item, signed, finished. Pages and devices call the same functions.

Every write holds the row of the inspection, so that two people at the same firm follow one another.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import IO, Any, Final

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.enterprises.models import Enterprise
from anlan.files.actions import store
from anlan.files.pictures import check_drawing
from anlan.hazards import people
from anlan.hazards.models import ChecklistVersion, Finding, Hazard, Inspection
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify
from anlan.tallies.actions import tally

State, Kind = Inspection.State, Inspection.Kind
GRID_DIGITS: Final = 9
"""Codes of grids are longer than a town's."""
KINDS: Final = {"agency": Kind.AGENCY, "association": Kind.ASSOCIATION, "enterprise": Kind.SELF}
SIDES: Final = {"officer": ("signature", "signed_as"), "firm": ("firm_signature", "firm_signed_as")}
NOTES: Final = (
    "words",
    "accompanied_by",
    "latitude",
    "longitude",
    "accuracy",
    "no_position",
    "unsigned_because",
    "plan",
)


@transaction.atomic
def open_inspection(
    enterprise: Enterprise,
    *,
    by: User,
    checklists: Sequence[ChecklistVersion],
    plan: str = "",
    due_on: date | None = None,
    inspector: User | None = None,
    uid: uuid.UUID | None = None,
) -> Inspection:
    """Open an inspection beside the plan: by whoever inspects there, of the kind that their post makes.

    The same `uid` returns the inspection opened first. Raises `Refused`: firm outside the scope (404), no power (403), a firm
    that ended, no checklist, a day that has passed (422 with field).
    """
    if uid is not None and (known := Inspection.objects.filter(uid=uid).first()):
        if known.enterprise_id != enterprise.pk or not known.can_inspect(by):
            raise Refused(_("没有找到这次检查。"), code="not_found", status=404)
        return known
    post = by.post
    if post is None or not Enterprise.objects.visible_to(by).filter(pk=enterprise.pk).exists():
        raise Refused(_("没有找到这家企业。"), code="not_found", status=404)
    town = post.is_territorial and len(post.region_code) <= GRID_DIGITS
    kind = KINDS[post.organisation.kind] if post.organisation is not None else Kind.TOWN if town else Kind.PATROL
    outside = post.organisation_id if kind in (Kind.AGENCY, Kind.ASSOCIATION) else None
    inspection = Inspection(
        uid=uid or uuid.uuid4(), enterprise=enterprise, region_code=enterprise.organisation.region_code, industry=enterprise.trade,
        kind=kind, organisation_id=outside, inspector=inspector or by, plan=plan.strip()[:500], due_on=due_on,
    )  # fmt: skip
    if not inspection.can_inspect(by):
        raise Refused(_("检查这家企业不在您现在这个身份的职责里。"), code="not_yours", status=403)
    if enterprise.status != Enterprise.Status.ACTIVE:
        raise Refused(_("这家企业已经注销或并入别的企业，不能再安排检查。"), code="firm_ended", status=422)
    if not checklists:
        raise Refused(_("还没有选检查表，至少选一张。"), code="no_checklist", status=422, field="checklists")
    if due_on is not None and due_on < timezone.localdate():
        raise Refused(
            _("%(m)d 月 %(d)d 日已经过去，请选今天或以后。") % {"m": due_on.month, "d": due_on.day},
            code="past", status=422, field="due_on",
        )  # fmt: skip
    inspection.save()
    inspection.checklists.set(checklists)
    record("open_inspection", inspection, by=by, region_code=inspection.region_code)
    return inspection


@transaction.atomic
def start_inspection(
    inspection: Inspection,
    *,
    by: User,
    at: datetime | None = None,
    latitude: float | None = None,
    longitude: float | None = None,
    accuracy: float | None = None,
    no_position: str = "",
) -> Inspection:
    """Begin; one that is begun already is joined and keeps whoever began it. `accuracy` in metres.

    Raises `Refused`: not the caller's to make (403), finished or cancelled (409).
    """
    hold(inspection, by)
    if inspection.state == State.DOING:
        return inspection
    place = {"latitude": latitude, "longitude": longitude, "accuracy": accuracy} if latitude is not None else {}
    write(
        inspection, state=State.DOING, started_at=at or timezone.now(), inspector=inspection.inspector or by,
        no_position=no_position.strip()[:120], **place,
    )  # fmt: skip
    record("start_inspection", inspection, by=by, region_code=inspection.region_code)
    return inspection


@transaction.atomic
def answer_item(
    inspection: Inspection,
    checklist: ChecklistVersion,
    item: str,
    *,
    result: str,
    by: User,
    note: str = "",
    at: datetime | None = None,
    seen: str | None = None,
    amend: bool = False,
) -> Finding:
    """Answer one item; the first answer begins the inspection.

    `seen` is the answer that the writer had before them (`fingerprint` of it, empty for none): when somebody else has
    answered differently meanwhile, `Refused` (409, `answered_otherwise`) and nothing is overwritten. None: the caller has
    compared. The same answer twice writes nothing; of one person the later moment wins. `amend` writes into a finished
    record, after a person chose between two answers. Raises `Refused`: unknown item or result (422), as `start_inspection`.
    """
    if result not in Finding.Result.values or checklist.item(item) is None:
        raise Refused(_("检查表里没有这一项，没有保存。请刷新页面。"), code="no_item", status=422)
    if not inspection.checklists.filter(pk=checklist.pk).exists():
        raise Refused(_("这次检查不用这张检查表，没有保存。"), code="no_item", status=422)
    hold(inspection, by, finished=amend)
    note, at = note.strip()[:500], at or timezone.now()
    held = inspection.findings.filter(checklist=checklist, item=item).select_related("by").first()
    if held is None:
        finding = Finding.objects.create(
            inspection=inspection, checklist=checklist, item=item, result=result, note=note, by=by, at=at
        )
    elif (held.result, held.note) == (result, note):
        return held
    elif seen is not None and held.by_id != by.pk and seen != fingerprint(held):
        raise Refused(
            _("%(name)s刚刚把这一项填成了“%(result)s”。您选的没有保存，请先商量再改。")
            % {"name": held.by.name if held.by else _("有人"), "result": held.get_result_display()},
            code="answered_otherwise",
        )
    elif held.by_id == by.pk and held.at > at:
        return held
    else:
        finding = held
        finding.result, finding.note, finding.by, finding.at = result, note, by, at
        finding.save(update_fields=["result", "note", "by", "at"])
    begun: dict[str, Any] = {}
    if inspection.state == State.PLANNED:
        begun = {"state": State.DOING, "started_at": at, "inspector": inspection.inspector or by}
    write(inspection, **begun)
    return finding


def fingerprint(finding: Finding | None) -> str:
    """What a page remembers of an answer that it showed; empty for none."""
    return finding.mark if finding is not None else ""


@transaction.atomic
def note_inspection(inspection: Inspection, *, by: User, version: int | None = None, **fields: Any) -> None:
    """Write words, position, who went along (`NOTES`); None leaves a field as it is. Raises `Refused` as `start_inspection`;
    409 `stale` when `version` is given and the inspection has moved on."""
    hold(inspection, by, version=version)
    limits = {"words": 2000, "accompanied_by": 60, "no_position": 120, "unsigned_because": 120, "plan": 500}
    fresh = {
        name: value.strip()[: limits[name]] if isinstance(value, str) else value
        for name, value in fields.items()
        if name in NOTES and value is not None
    }
    if fresh:
        write(inspection, **fresh)


@transaction.atomic
def sign_inspection(
    inspection: Inspection,
    *,
    who: str,
    by: User,
    name: str = "",
    content: IO[bytes] | None = None,
    at: datetime | None = None,
) -> None:
    """Keep a signature: `who` is "officer" or "firm"; a PNG drawn by hand, or only the typed name.

    A later signature takes the place of the earlier. Raises `Refused`: neither name nor picture, no PNG (422).
    """
    if who not in SIDES:
        raise Refused(_("没有这一方的签字栏。"), code="choice", status=422)
    hold(inspection, by)
    name = name.strip()[:60] or (by.name if who == "officer" else inspection.accompanied_by)
    if not name:
        raise Refused(_("请写签字人的姓名。"), code="no_name", status=422, field="name")
    blob, signed_as = SIDES[who]
    fresh: dict[str, Any] = {signed_as: name}
    if content is not None:
        check_drawing(content)
        owner = ("inspection", str(inspection.pk))
        fresh[blob] = store(
            content, name=f"{who}.png", owner=owner, by_id=by.pk, kinds=frozenset({"image/png"}), max_mb=1
        )
    if who == "firm":
        fresh["unsigned_because"] = ""
    write(inspection, **fresh)
    moment = (at or timezone.now()).isoformat(timespec="seconds")
    record(
        "sign_inspection", inspection, by=by, region_code=inspection.region_code, side=who, signed_as=name, at=moment
    )


@transaction.atomic
def finish_inspection(
    inspection: Inspection,
    *,
    by: User,
    at: datetime | None = None,
    words: str | None = None,
    accompanied_by: str | None = None,
    unsigned_because: str | None = None,
) -> Inspection:
    """Finish: the record is closed, the firm told. Finished already: nothing happens (a double tap, a retry).

    Raises `Refused` (422): items without an answer, a failed item with neither words nor a hazard, no signature of the
    inspector. The firm may decline to sign; the record then says so.
    """
    if Inspection.objects.filter(pk=inspection.pk, state=State.DONE).exists() and inspection.can_inspect(by):
        inspection.refresh_from_db()
        return inspection
    note_inspection(inspection, by=by, words=words, accompanied_by=accompanied_by, unsigned_because=unsigned_because)
    findings = {(f.checklist_id, f.item): f for f in inspection.findings.all()}
    hazards = set(inspection.hazards.exclude(state=Hazard.State.VOID).values_list("checklist_id", "item"))
    for version in inspection.checklists.all():
        for item in version.items:
            found = findings.get((version.pk, item["key"]))
            if found is None:
                raise Refused(
                    _("还有检查项没有填：%(item)s。填完再结束，已填的都在。") % {"item": item["text"]},
                    code="unanswered",
                    status=422,
                )
            if found.result == Finding.Result.FAIL and not found.note and (version.pk, item["key"]) not in hazards:
                raise Refused(
                    _("“%(item)s”不符合，请登记隐患，或写明看到了什么、怎么处理的。") % {"item": item["text"]},
                    code="fail_unexplained", status=422,
                )  # fmt: skip
    if not inspection.signed_as:
        raise Refused(_("检查人还没有签字，签好再结束。"), code="unsigned", status=422)
    now = min(at or timezone.now(), timezone.now())
    write(
        inspection,
        state=State.DONE,
        done_at=now,
        started_at=inspection.started_at or now,
        inspector=inspection.inspector or by,
    )
    failed = sum(found.result == Finding.Result.FAIL for found in findings.values())
    record(
        "finish_inspection", inspection, by=by, region_code=inspection.region_code, failed=failed, hazards=len(hazards)
    )
    if inspection.kind == Kind.PATROL:
        subject = ("enterprise", inspection.enterprise_id)
        tally(
            "patrols_done",
            1,
            subject=subject,
            when=now,
            region_code=inspection.region_code,
            industry=inspection.industry,
        )
    if inspection.kind != Kind.SELF:
        words = _("%(n)d 项不符合，登记隐患 %(h)d 条。检查记录可以随时查看。") % {"n": failed, "h": len(hazards)}
        notify(
            people.managers_of(inspection.enterprise_id), "inspection", _("检查完成了：%(kind)s") % {"kind": inspection.get_kind_display()},
            key=f"inspection-done:{inspection.pk}", text=words, url=reverse("hazards:inspection", args=[inspection.pk]),
        )  # fmt: skip
    return inspection


@transaction.atomic
def cancel_inspection(inspection: Inspection, *, by: User, because: str) -> None:
    """Cancel what was planned or begun, with a reason. Raises `Refused`: not theirs (403), over (409), no reason (422)."""
    hold(inspection, by)
    if not inspection.can_direct(by):
        raise Refused(_("取消这次检查要由镇街或安排它的人来做。"), code="not_yours", status=403)
    if not because.strip():
        raise Refused(_("请写取消的原因。"), code="no_reason", status=422, field="because")
    write(inspection, state=State.CANCELLED, cancelled_because=because.strip()[:200])
    record("cancel_inspection", inspection, by=by, region_code=inspection.region_code, reason=because.strip()[:200])


@transaction.atomic
def assign_inspection(inspection: Inspection, *, by: User, inspector: User | None) -> None:
    """Name a person for it, or give it back to the grid (None). Raises `Refused` when that person may not make it (422)."""
    hold(inspection, by)
    if not inspection.can_direct(by):
        raise Refused(_("指派检查人要由镇街或安排它的人来做。"), code="not_yours", status=403)
    if inspector is not None and not may_be_made_by(inspection, inspector):
        raise Refused(_("这个人不负责这家企业所在的网格，请另选。"), code="not_theirs", status=422, field="inspector")
    write(inspection, inspector=inspector)
    name = inspector.name if inspector else ""
    record("assign_inspection", inspection, by=by, region_code=inspection.region_code, person=name)
    if inspector is not None and inspector.pk != by.pk:
        notify(
            [inspector], "inspection", _("一次检查请您去做"), key=f"inspection-yours:{inspection.pk}:{inspection.version}",
            text=str(inspection), url=reverse("hazards:inspection", args=[inspection.pk]),
        )  # fmt: skip


def may_be_made_by(inspection: Inspection, user: User) -> bool:
    """Whether some post of this person lets them make it."""
    for post in user.open_posts:
        user.post = post
        if inspection.can_inspect(user):
            return True
    return False


def hold(inspection: Inspection, by: User, *, version: int | None = None, finished: bool = False) -> None:
    """Lock the row, read it anew, and check that `by` may write it now. Raises `Refused` as `start_inspection`; 409 `stale`."""
    Inspection.objects.select_for_update().get(pk=inspection.pk)
    inspection.refresh_from_db()
    if not inspection.can_inspect(by):
        # Also whoever was at it when the firm or they themselves moved to another grid: the next officer goes on with it.
        raise Refused(
            _("这家企业现在不归您这个身份检查。已填的都保留，由现在的网格员接着做。"), code="not_yours", status=403
        )
    if inspection.state == State.CANCELLED:
        raise Refused(
            _("这次检查已经取消：%(why)s") % {"why": inspection.cancelled_because or _("没有写原因")}, code="cancelled"
        )
    if inspection.state == State.DONE and not finished:
        raise Refused(_("这次检查已经完成，记录不能再改。发现新情况请另开一次检查。"), code="done")
    if version is not None and version != inspection.version:
        raise Refused(_("有人刚刚改过这次检查。您写的没有保存，请看过新的内容再写。"), code="stale")


def write(inspection: Inspection, **fields: Any) -> None:
    """Write fields and count the version up; the caller holds the row."""
    Inspection.objects.filter(pk=inspection.pk).update(**fields, version=F("version") + 1)
    inspection.refresh_from_db()
