"""Objections to a score, and their answer: a correction is the next version, the old one stays readable."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import Post, User
from anlan.audit.actions import record
from anlan.hazards.people import holding
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify
from anlan.supervision.models import Appeal, Evidence, Score, Snapshot
from anlan.supervision.performance.indicators import DEFAULTS, INDICATORS
from anlan.supervision.performance.ranking import Case, judge


@transaction.atomic
def make_appeal(score: Score, *, by: User, indicator: str, cases: Sequence[int], words: str) -> Appeal:
    """Object to records of one figure of one's own score.

    Raises `Refused`: not one's own (403), provisional, too late or corrected meanwhile (409), one is open already
    (409), no record or no reason given (422).
    """
    shot = score.snapshot
    if not score.is_own(by):
        raise Refused(_("只有被考评的人能申诉。"), code="not_yours", status=403)
    if shot.is_provisional:
        raise Refused(_("本月还没有过完，现在是暂估。正式结果出来后 15 天内可以申诉。"), code="provisional")
    if not score.can_appeal(by):
        raise Refused(
            _("申诉期到 %(d)s 为止，已经过了。") % {"d": f"{timezone.localtime(shot.appeals_until):%Y-%m-%d}"},
            code="too_late",
        )
    newest = Snapshot.objects.newest(shot.kind, shot.region_code, shot.month)
    if newest is None or newest.pk != shot.pk:
        raise Refused(_("这个月已经更正过，请在新结果上申诉。"), code="corrected")
    known = {pk for pk, _value in Evidence.objects.get(score=score).cases.get(indicator, [])}
    chosen = sorted(set(cases) & known)
    if not chosen:
        raise Refused(_("请勾选您认为不该算的记录。"), code="no_cases", status=422, field="cases")
    if not words.strip():
        raise Refused(_("请写明理由。勾选的记录还在。"), code="no_reason", status=422, field="words")
    try:
        with transaction.atomic():
            appeal = Appeal.objects.create(
                score=score, indicator=indicator, cases=chosen, words=words.strip()[:500], by=by
            )
    except IntegrityError:
        raise Refused(_("这一项已经有申诉在等答复。"), code="appeal_open") from None
    record("appeal_score", appeal, by=by, region_code=shot.region_code, indicator=indicator, rows=len(chosen))
    deciders = Post.objects.open().filter(
        region_code=shot.region_code, organisation=None, role__in=holding(powers.SET_RULES)
    )
    notify(
        set(deciders.exclude(user=by).values_list("user_id", flat=True)), "performance", _("%(who)s对考评结果有申诉") % {"who": score.name},
        key=f"performance-appeal:{appeal.pk}", text=appeal.words, url=reverse("supervision:appeal", args=[appeal.pk]),
    )  # fmt: skip
    return appeal


@transaction.atomic
def decide_appeal(appeal: Appeal, *, by: User, upheld: bool, words: str) -> Appeal:
    """Answer an appeal; where it is upheld, the next version of the month leaves the records out.

    Raises `Refused`: not theirs, or their own (403), no reason (422), answered meanwhile by somebody else (409).
    """
    if appeal.state == Appeal.State.OPEN and not appeal.can_answer(by):
        raise Refused(_("这条申诉由县区里与它无关的人答复。"), code="not_yours", status=403)
    if not words.strip():
        raise Refused(_("请写明理由，申诉的人会看到。"), code="no_reason", status=422, field="words")
    state = Appeal.State.UPHELD if upheld else Appeal.State.REFUSED
    answered = Appeal.objects.filter(pk=appeal.pk, state=Appeal.State.OPEN).update(
        state=state, answer=words.strip()[:500], answered_by=by, answered_at=timezone.now()
    )
    if not answered:
        raise Refused(_("别人刚刚答复过这条申诉。您的话没有存。"), code="stale")
    appeal.refresh_from_db()
    if upheld:
        appeal.correction = _correct(appeal, by)
        appeal.save(update_fields=["correction"])
    shot = appeal.score.snapshot
    record(
        "decide_performance_appeal", appeal, by=by, region_code=shot.region_code, decision=state, reason=appeal.answer
    )
    notify(
        [appeal.by_id], "performance", _("考评申诉：%(state)s") % {"state": appeal.get_state_display()}, text=appeal.answer,
        key=f"performance-answer:{appeal.pk}", url=reverse("supervision:appeal", args=[appeal.pk]),
    )  # fmt: skip
    return appeal


def _correct(appeal: Appeal, by: User) -> Snapshot:
    """The newest version again without the records objected to; everybody is ranked anew by the same weights."""
    old = appeal.score.snapshot
    shots = Snapshot.objects.select_for_update().filter(kind=old.kind, region_code=old.region_code, month=old.month)
    list(shots.filter(version=1))  # whoever corrects the same month at this moment waits here
    newest = shots.order_by("-version")[0]
    scores = list(newest.scores.select_related("evidence"))
    found: dict[str, dict[str, list[Case]]] = {score.subject_id: dict(score.evidence.cases) for score in scores}
    mine = found[appeal.score.subject_id]
    for code in _sharing(appeal.indicator, old.kind):
        mine[code] = without(mine.get(code, []), appeal.cases)
    results = judge(found, list(DEFAULTS[old.kind]), newest.weights)
    because = _("更正%(who)s的%(what)s：%(why)s") % {
        "who": appeal.score.name,
        "what": INDICATORS[appeal.indicator].name,
        "why": appeal.answer,
    }
    shot = Snapshot.objects.create(
        kind=old.kind, region_code=old.region_code, month=old.month, version=newest.version + 1, weights=newest.weights, made_by=by,
        because=because[:300], published_at=newest.published_at,
    )  # fmt: skip
    cases = {score.subject_id: found[score.subject_id] for score in scores}
    for score in scores:
        result = results[score.subject_id]
        score.pk, score.snapshot = None, shot
        score.cells, score.total, score.rank, score.sample = result.plain(), result.total, result.rank, result.sample
    made = Score.objects.bulk_create(scores, batch_size=500)
    Evidence.objects.bulk_create(
        (Evidence(score=score, cases=cases[score.subject_id]) for score in made), batch_size=200
    )
    return shot


def _sharing(indicator: str, kind: str) -> list[str]:
    """The figures that count the same record: a patrol that should not have counted was not late either."""
    pair = ("patrol", "on_time")
    return [code for code in pair if code in DEFAULTS[kind]] if indicator in pair else [indicator]


def without(cases: Sequence[Case], left_out: Collection[int]) -> list[Case]:
    """The records without those left out."""
    return [case for case in cases if case[0] not in left_out]
