"""The plan of patrols: one per firm and period, as often as its risk grade asks. Set-based; harmless to repeat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, Post, User
from anlan.enterprises.models import Enterprise, RiskPolicy
from anlan.hazards import people
from anlan.hazards.actions.inspections import hold, write
from anlan.hazards.actions.steps import keep, tell
from anlan.hazards.models import Checklist, ChecklistVersion, Hazard, HazardStep, Inspection
from anlan.hazards.planning import PATROL_DAYS, Period, period_of, proposed
from anlan.lib.errors import Refused

BATCH: Final = 2000
LEAST_DAYS: Final = 7
"""A firm that appears in the last week of a period still leaves its officer a week."""
State, Kind = Inspection.State, Inspection.Kind


def plan_patrols(today: date | None = None, region_code: str = "") -> int:
    """Plan the patrols of the period around `today` for every active firm; return how many are new.

    A firm gets none while one is open (its last day is brought forward when the grade now asks for more), nor when a patrol
    was finished within the period. Open patrols of somebody who no longer inspects there go back to the grid.
    """
    today = today or timezone.localdate()
    lists = list(Checklist.objects.in_use())
    rhythms = _rhythms(today)
    made = 0
    for firms in _batches(region_code):
        made += _plan_batch(firms, lists, rhythms, today)
    release_strangers(region_code)
    return made


def _batches(region_code: str) -> Iterator[list[Enterprise]]:
    """Active firms in the order of their keys, so many at a time."""
    last = 0
    while True:
        rows = Enterprise.objects.active().filter(pk__gt=last).select_related("organisation").order_by("pk")
        if region_code:
            rows = rows.filter(organisation__region_code__startswith=region_code)
        firms = list(rows[:BATCH])
        if not firms:
            return
        yield firms
        last = firms[-1].pk


def _rhythms(today: date) -> list[tuple[str, dict[str, Any]]]:
    """Days between patrols by grade, of every territory with a policy in force; the smallest territory last."""
    policies = RiskPolicy.objects.filter(published_at__isnull=False, valid_from__lte=today).order_by("number")
    newest = {policy.region_code: policy.duties for policy in policies}
    return sorted(newest.items(), key=lambda row: len(row[0]))


def days_for(firm: Enterprise, rhythms: Sequence[tuple[str, dict[str, Any]]]) -> int:
    """Days between patrols of this firm: by the policy of the smallest territory that has one, at least quarterly."""
    days = PATROL_DAYS[firm.risk]
    for region, duties in rhythms:
        if firm.organisation.region_code.startswith(region):
            days = int((duties.get(firm.risk) or {}).get("patrol_days") or days)
    return max(1, min(days, PATROL_DAYS["blue"]))


@transaction.atomic
def _plan_batch(
    firms: list[Enterprise], lists: list[Checklist], rhythms: list[tuple[str, dict[str, Any]]], today: date
) -> int:
    ids = [firm.pk for firm in firms]
    patrols = Inspection.objects.filter(kind=Kind.PATROL, enterprise_id__in=ids)
    open_: dict[int, Inspection] = {}
    for visit in patrols.open().order_by("-due_on"):
        open_[visit.enterprise_id] = visit
    done = dict(
        patrols.filter(state=State.DONE, done_at__isnull=False)
        .values_list("enterprise_id")
        .annotate(last=Max("done_at"))
    )
    fresh: list[Inspection] = []
    for firm in firms:
        period = period_of(today, days_for(firm, rhythms))
        if (held := open_.get(firm.pk)) is not None:
            if held.due_on is None or held.due_on > _due(period, today):
                _bring_forward(held, period, today)
            continue
        if firm.pk in done and timezone.localdate(done[firm.pk]) >= period.first:
            continue
        fresh.append(
            Inspection(
                enterprise=firm, region_code=firm.organisation.region_code, industry=firm.trade, kind=Kind.PATROL,
                period=period.key, due_on=_due(period, today),
            )
        )  # fmt: skip
    if not fresh:
        return 0
    # Two schedulers at once: the second one's rows run into the constraint and are dropped.
    Inspection.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=500)
    kept = Inspection.objects.filter(uid__in=[visit.uid for visit in fresh]).values_list("pk", "enterprise_id")
    by_pk = {firm.pk: firm for firm in firms}
    through = Inspection.checklists.through
    rows = [
        through(inspection_id=pk, checklistversion_id=one.current_id)
        for pk, firm_id in kept
        for one in proposed(by_pk[firm_id], lists)
    ]
    through.objects.bulk_create(rows, batch_size=1000)
    return len(kept)


def _bring_forward(visit: Inspection, period: Period, today: date) -> None:
    Inspection.objects.filter(pk=visit.pk, state=State.PLANNED).update(
        due_on=_due(period, today), version=F("version") + 1
    )


def _due(period: Period, today: date) -> date:
    return max(period.last, today + timedelta(days=LEAST_DAYS))


def release_strangers(region_code: str = "") -> int:
    """Give open inspections of the grids back when their inspector holds no post there any more; return how many.

    What they answered stays; whoever has the grid now goes on with it.
    """
    rows = Inspection.objects.open().filter(inspector__isnull=False, organisation__isnull=True).exclude(kind=Kind.SELF)
    if region_code:
        rows = rows.filter(region_code__startswith=region_code)
    held: dict[int, list[str]] = {}
    people = User.objects.filter(pk__in=rows.values("inspector_id"))
    posts = Post.objects.open().filter(user__in=people, organisation__isnull=True).exclude(region_code="")
    for user_id, region in posts.values_list("user_id", "region_code"):
        held.setdefault(user_id, []).append(region)
    lost = [
        pk
        for pk, inspector_id, region in rows.values_list("pk", "inspector_id", "region_code")
        if not any(region.startswith(code) for code in held.get(inspector_id, ()))
    ]
    return Inspection.objects.filter(Q(pk__in=lost)).update(inspector=None, version=F("version") + 1)


@transaction.atomic
def choose_checklists(inspection: Inspection, chosen: Sequence[ChecklistVersion], *, by: User) -> None:
    """Set the lists of an inspection. Once begun, a list with answers stays. Raises `Refused` as `start_inspection`; 422 for none."""
    hold(inspection, by)
    if not chosen:
        raise Refused(_("还没有选检查表，至少选一张。"), code="no_checklist", status=422, field="checklists")
    used = inspection.checklists.filter(pk__in=inspection.findings.values("checklist_id"))
    inspection.checklists.set({*chosen, *used})
    write(inspection)


def can_follow_up(hazard: Hazard, user: User) -> bool:
    """Whether this user's agency or association found the hazard and nobody else helps with it yet."""
    post = user.post
    if post is None or post.organisation_id is None or hazard.found_for_id != post.organisation_id:
        return False
    return user.may(powers.INSPECT) and hazard.is_open and hazard.helper_id in (None, post.organisation_id)


@transaction.atomic
def follow_up(hazard: Hazard, *, by: User, words: str) -> HazardStep:
    """An agency or association writes down how it goes on where the firm cannot cure by itself (H-06); the agency becomes the helper.

    Whoever helps may no longer verify: the grid does. Raises `Refused`: not found by them (404), no words (422), others help (409).
    """
    post = by.post
    organisation = post.organisation if post is not None else None
    if organisation is None or not by.may(powers.INSPECT) or hazard.found_for_id != organisation.pk:
        raise Refused(_("没有找到这条隐患。"), code="not_found", status=404)
    if not words.strip():
        raise Refused(_("请写后续怎么帮企业改：做什么、谁负责、什么时候。"), code="empty", status=422, field="words")
    held = Hazard.objects.select_for_update().get(pk=hazard.pk)
    if not held.is_open:
        raise Refused(_("这条隐患已经闭环，不用再写后续计划。"), code="closed")
    if held.helper_id not in (None, organisation.pk):
        raise Refused(_("已经有另一家机构帮助整改。"), code="helped")
    helps = organisation.kind == Organisation.Kind.AGENCY
    Hazard.objects.filter(pk=held.pk).update(helper=organisation if helps else None, version=F("version") + 1)
    hazard.refresh_from_db()
    step = keep(
        hazard, "note", before=hazard.state, by=by, words=words.strip()[:500], detail={"follow_up": organisation.name}
    )
    tell(people.concerned(hazard), hazard, step, _("机构写了后续整改计划"), words.strip())
    return step
