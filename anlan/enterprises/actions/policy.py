"""Grading enterprises by the policy of their place: one, or all of a province in batches."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts.models import Post, User
from anlan.audit.actions import record
from anlan.enterprises.grading import Rule, Verdict, grade, read_rules, way_down
from anlan.enterprises.lec import DATA
from anlan.enterprises.models import Enterprise, RiskGrade, RiskPolicy
from anlan.enterprises.models.policy import nearest
from anlan.enterprises.people import MANAGERS
from anlan.enterprises.risk_facts import Bundle, facts_of
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify

BATCH: Final = 2000
EACH: Final = 5
"""An officer hears of so many changed firms one by one; of more in one message."""
NAMES: Final = dict(Enterprise.Risk.choices)


@dataclass(frozen=True, slots=True)
class Yardstick:
    """A policy whose rules were read once."""

    policy: RiskPolicy
    rules: tuple[Rule, ...]

    def judge(self, bundle: Bundle) -> Verdict:
        """The verdict over a firm's facts."""
        return grade(self.rules, self.policy.thresholds, bundle.seen, bundle.unsure)


@dataclass(frozen=True, slots=True)
class Change:
    """A firm whose colour changed. `before` is "" when it was never graded by rules."""

    firm: Enterprise
    before: str
    row: RiskGrade


@dataclass(slots=True)
class Graded:
    """What a run did: firms seen, new verdicts kept, colours changed ({(before, after): how many})."""

    seen: int = 0
    kept: int = 0
    changed: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))


def install_default_policy() -> bool:
    """Lay the rules that come with the product where no version of all the country has this number; whether it was new."""
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    rules = [row | {"way_out": row.get("way_out", ""), "grade": row.get("grade", "")} for row in data["rules"]]
    return RiskPolicy.objects.get_or_create(
        region_code="", number=data["number"],
        defaults={
            "rules": rules, "thresholds": data["thresholds"], "duties": data["duties"], "note": data["note"],
            "valid_from": data["valid_from"], "published_at": timezone.now(),
        },
    )[1]  # fmt: skip


def yardsticks(day: date | None = None) -> dict[str, Yardstick]:
    """{region code: what is held against the firms there}; one query."""
    found = RiskPolicy.objects.in_force(day or timezone.localdate())
    return {code: Yardstick(policy, read_rules(policy.rules)) for code, policy in found.items()}


def batches(firms: Any, size: int = BATCH) -> Iterator[list[Enterprise]]:
    """The firms of a queryset in the order of their keys, so many at a time."""
    last = 0
    while True:
        found = list(firms.filter(pk__gt=last).select_related("organisation").order_by("pk")[:size])
        if not found:
            return
        yield found
        last = found[-1].pk


def regrade(firms: Any, *, today: date | None = None) -> Graded:
    """Grade the active firms of a queryset. A verdict is kept only where something of it changed; whoever is concerned is told.

    Every batch is a transaction of about twelve statements, whatever it holds. Harmless to repeat.
    """
    day, done = today or timezone.localdate(), Graded()
    rulers = yardsticks(day)
    for batch in batches(firms.active()):
        with transaction.atomic():
            changes = _regrade(batch, rulers, day, done)
            _tell(changes)
        for change in changes:
            done.changed[change.before, change.row.risk] += 1
    if done.changed:
        record(
            "regrade_enterprises", ("enterprises.riskpolicy", "", "风险等级"), by=None, seen=done.seen,
            changed=sum(done.changed.values()),
        )  # fmt: skip
    return done


def _regrade(batch: Sequence[Enterprise], rulers: Mapping[str, Yardstick], day: date, done: Graded) -> list[Change]:
    """Keep the verdicts of a batch that differ from the last ones; return the firms whose colour changed."""
    ids = [firm.pk for firm in batch]
    held = list(Enterprise.objects.select_for_update(of=("self",)).filter(pk__in=ids).select_related("organisation"))
    last = {row.enterprise_id: row for row in RiskGrade.objects.filter(enterprise__in=ids).order_by("pk")}
    facts, rows, changes, colours = (
        facts_of(held, day),
        list[RiskGrade](),
        list[Change](),
        defaultdict[str, list[int]](list),
    )
    for firm in held:
        ruler: Yardstick | None = nearest(dict(rulers), firm.organisation.region_code)
        if ruler is None:
            continue
        verdict = ruler.judge(facts[firm.pk])
        before = last.get(firm.pk)
        if before is None or _differs(before, verdict, ruler.policy):
            row = RiskGrade(
                enterprise=firm,
                policy=ruler.policy,
                risk=verdict.risk,
                points=verdict.points,
                reasons=list(verdict.reasons),
            )
            rows.append(row)
            if before is None or before.risk != verdict.risk:
                changes.append(Change(firm, before.risk if before else "", row))
        if firm.risk != verdict.risk:
            colours[verdict.risk].append(firm.pk)
    RiskGrade.objects.bulk_create(rows, batch_size=500)
    for risk, firms in colours.items():
        Enterprise.objects.filter(pk__in=firms).update(risk=risk)
    Enterprise.objects.filter(pk__in=ids).update(graded_at=timezone.now())
    done.seen += len(held)
    done.kept += len(rows)
    return changes


def _differs(row: RiskGrade, verdict: Verdict, policy: RiskPolicy) -> bool:
    """Whether a verdict says something new. The figure behind a rule that was met before is nothing new."""
    same = (row.risk, row.points, row.policy_id) == (verdict.risk, verdict.points, policy.pk)
    return not same or _lines(row.reasons) != _lines(verdict.reasons)


def _lines(reasons: Iterable[Mapping[str, Any]]) -> list[tuple[str, bool]]:
    return [(row["key"], row["unsure"]) for row in reasons]


@transaction.atomic
def grade_enterprise(enterprise: Enterprise, *, by: User) -> RiskGrade:
    """Grade one firm now, on somebody's wish. Raises `Refused`: 403 to outsiders, 409 where no rules are in force."""
    if not (enterprise.can_edit(by) or enterprise.is_in_territory_of(by)):
        raise Refused(gettext_lazy("等级由企业自己或所在地的监管人员重算。"), code="not_editor", status=403)
    if enterprise.status != Enterprise.Status.ACTIVE:
        raise Refused(gettext_lazy("企业已经注销或并入别的企业，不再定级。"), code="not_active")
    done = regrade(Enterprise.objects.filter(pk=enterprise.pk))
    row = RiskGrade.objects.filter(enterprise=enterprise).order_by("-pk").first()
    if row is None:
        raise Refused(gettext_lazy("这个地区还没有生效的风险规则。"), code="no_policy")
    if done.kept:
        record(
            "grade_enterprise",
            enterprise,
            by=by,
            region_code=enterprise.organisation.region_code,
            risk=row.risk,
            points=row.points,
        )
    enterprise.refresh_from_db()
    return row


def _tell(changes: Sequence[Change]) -> None:
    """Tell managers of firms and officers of their grids which colours changed, and why. Officers not of a first grading."""
    if not changes:
        return
    firms = [change.firm.pk for change in changes]
    managers: dict[int, list[int]] = defaultdict(list)
    posts = Post.objects.open().filter(organisation__in=firms, role__in=MANAGERS)
    for firm_id, user_id in posts.values_list("organisation_id", "user_id"):
        managers[firm_id].append(user_id)
    for change in changes:
        if people := managers.get(change.firm.pk):
            url = reverse("enterprises:policy")
            notify(people, "risk", _title(change), key=f"risk:{change.row.pk}", text=_reasons(change), url=url)
    _tell_officers([change for change in changes if change.before])


def _tell_officers(changes: Sequence[Change]) -> None:
    places: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        code = change.firm.organisation.region_code
        for n in range(9, len(code) + 1):
            places[code[:n]].append(change)
    officers = Post.objects.open().filter(role="grid_officer", region_code__in=places)
    day = timezone.localdate().isoformat()
    for user_id, code in officers.values_list("user_id", "region_code").distinct():
        theirs = places[code]
        if len(theirs) <= EACH:
            for change in theirs:
                url = reverse("enterprises:policy-of", args=[change.firm.pk])
                title = f"{change.firm}：{_title(change)}"
                notify([user_id], "risk", title, key=f"risk:{change.row.pk}", text=_reasons(change), url=url)
        else:
            worse = sum(change.row.risk in ("red", "orange") for change in theirs)
            title = _("%(n)d 家企业的风险等级变了") % {"n": len(theirs)}
            text = _("其中 %(n)d 家现在是重大或较大风险。") % {"n": worse}
            key = f"risks:{day}:{code}:{theirs[0].row.pk}"
            notify([user_id], "risk", title, key=key, text=text, url=f"{reverse('enterprises:list')}?risk=high")


def _title(change: Change) -> str:
    names = {"new": NAMES[change.row.risk], "old": NAMES.get(change.before, "")}
    return _("风险等级由%(old)s变为%(new)s") % names if change.before else _("风险等级定为%(new)s") % names


def _reasons(change: Change) -> str:
    """The three heaviest reasons and the way down."""
    rows: Iterable[dict[str, Any]] = sorted(change.row.reasons, key=lambda row: (row["grade"] == "", -row["points"]))
    text = "；".join(row["label"] for row in list(rows)[:3])
    text = (_("因为：%(why)s。") % {"why": text}) if text else _("没有对上任何一条加分规则。")
    way = way_down(change.row.reasons, change.row.policy.thresholds)
    if way.steps:
        text += _("%(steps)s，可降为%(risk)s。") % {"steps": "、".join(way.steps), "risk": NAMES[way.risk]}
    return text
