"""What follows a firm that moves, merges or ends: open hazards, inspections and reports. Registered in `apps`."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.enterprises.models import Enterprise
from anlan.hazards.actions.reports import move_report
from anlan.hazards.actions.steps import keep
from anlan.hazards.counting import STOCKS, facts
from anlan.hazards.models import Hazard, HazardStep, Inspection, SafetyReport
from anlan.tallies.actions import tally_many

OPEN_VISITS = (Inspection.State.PLANNED, Inspection.State.DOING)
OPEN_REPORTS = (SafetyReport.State.OPEN, SafetyReport.State.SUBMITTED, SafetyReport.State.RETURNED)


def follow_move(firms: QuerySet[Enterprise], to: str) -> None:
    """Let what is open at the firms move to the region `to`: whoever answers for the firm answers for it. Set-based."""
    hazards = list(Hazard.objects.open().filter(enterprise__in=firms).exclude(region_code=to))
    now = timezone.now()
    for start in range(0, len(hazards), 2000):
        part = hazards[start : start + 2000]
        Hazard.objects.filter(pk__in=[hazard.pk for hazard in part]).update(region_code=to, version=F("version") + 1)
        HazardStep.objects.bulk_create(
            HazardStep(
                hazard=hazard, verb="follow", before=hazard.state, after=hazard.state, level=hazard.level, at=now,
                words=_("企业调整到新的网格，这条隐患一并转来。"), detail={"region": [hazard.region_code, to]},
            )
            for hazard in part
        )  # fmt: skip
    Inspection.objects.filter(enterprise__in=firms, state__in=OPEN_VISITS).update(
        region_code=to, version=F("version") + 1
    )
    SafetyReport.objects.filter(enterprise__in=firms, state__in=OPEN_REPORTS).update(region_code=to)


def follow_merge(firm: Enterprise, into: Enterprise, by: User) -> None:
    """Let what is open at a firm that ends go over to the one that stays; what is done stays where it happened.

    A planned patrol or an open report that the survivor has for the same period already is not made twice.
    """
    region, industry = into.organisation.region_code, into.trade
    hazards = Hazard.objects.open().filter(enterprise=firm)
    flows = {key: n for key, n in facts(hazards).items() if key[0] not in STOCKS}
    subjects = (("enterprise", firm.pk), -1), (("enterprise", into.pk), 1)
    tally_many(
        (measure, sign * n, subject, month, firm.organisation.region_code, firm.trade)
        for (measure, _pk, month), n in flows.items()
        for subject, sign in subjects
    )
    for hazard in list(hazards):
        before: dict[str, Any] = {"enterprise": [firm.organisation.name, into.organisation.name]}
        if hazard.region_code != region:
            before["region"] = [hazard.region_code, region]
        Hazard.objects.filter(pk=hazard.pk).update(
            enterprise=into, region_code=region, industry=industry, version=F("version") + 1
        )
        hazard.refresh_from_db()
        words = _("%(name)s并入%(into)s，这条隐患由后者继续整改。") % {
            "name": firm.organisation.name,
            "into": into.organisation.name,
        }
        keep(hazard, "follow", before=hazard.state, by=by, words=words, detail=before)
    visits = Inspection.objects.filter(enterprise=firm, state__in=OPEN_VISITS)
    theirs = set(Inspection.objects.filter(enterprise=into).exclude(period="").values_list("kind", "period"))
    for visit in visits:
        if visit.period and (visit.kind, visit.period) in theirs and visit.state == Inspection.State.PLANNED:
            because = _("企业已并入%(name)s，那里本期已有检查。") % {"name": into.organisation.name}
            Inspection.objects.filter(pk=visit.pk).update(
                state=Inspection.State.CANCELLED, cancelled_because=because, version=F("version") + 1
            )
        else:
            period = "" if (visit.kind, visit.period) in theirs else visit.period
            Inspection.objects.filter(pk=visit.pk).update(
                enterprise=into, region_code=region, period=period, version=F("version") + 1
            )
    held = set(SafetyReport.objects.filter(enterprise=into).values_list("kind", "period"))
    for report in SafetyReport.objects.filter(enterprise=firm, state__in=OPEN_REPORTS):
        if (report.kind, report.period) not in held:
            move_report(report, into)


def follow_close(firm: Enterprise, by: User) -> None:
    """Planned visits to a firm that is closed have lost their object. Its open hazards stay: somebody may still be in danger."""
    Inspection.objects.filter(enterprise=firm, state=Inspection.State.PLANNED).update(
        state=Inspection.State.CANCELLED, cancelled_because=_("企业已注销。"), version=F("version") + 1
    )
