"""What happened to a page, newest first, and where its round stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from anlan.content.models import Entry, ReviewRound, Signature
from anlan.content.people import revisions_of, stage_done, valid


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry of the timeline."""

    at: datetime
    title: str
    who: str = ""
    words: str = ""
    css: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """One step of the stepper."""

    number: int
    name: str
    css: str = ""
    note: str = ""


def timeline(page: Entry, most: int = 40) -> list[Moment]:
    """Return what happened, newest first. Three queries."""
    found: list[Moment] = []
    for current in page.rounds.prefetch_related("signatures"):
        found.append(Moment(current.submitted_at, _("第 %(n)d 次送审") % {"n": current.number}, current.submitted_name))
        for row in current.signatures.all():
            title = (
                _("跳过%(act)s") % {"act": row.act}
                if row.kind == Signature.Kind.BYPASS
                else _("签%(act)s") % {"act": row.act}
            )
            if row.void_at:
                title = _("%(title)s（改稿后作废）") % {"title": title}
            found.append(Moment(row.at, title, row.name, row.words, "no" if row.kind == Signature.Kind.BYPASS else ""))
        if current.ended_at:
            returned = current.state == ReviewRound.State.RETURNED
            found.append(Moment(
                current.ended_at, _("退回修改") if returned else _("撤回稿件"), current.ended_name, current.words,
                "no" if returned else "",
            ))  # fmt: skip
        if current.released_at:
            found.append(Moment(current.released_at, _("发布")))
    if page.withdrawn_at:
        found.append(Moment(page.withdrawn_at, _("从网站撤下"), "", page.withdrawn_why, "no"))
    for revision in revisions_of(page).select_related("user")[:most]:
        found.append(Moment(revision.created_at, _("改稿"), revision.user.name if revision.user else _("平台")))
    return sorted(found, key=lambda moment: moment.at, reverse=True)[:most]


def stops(current: ReviewRound | None) -> list[Stop]:
    """The stepper: written, three stages, released."""
    steps = [_("撰写"), *[str(label) for label in ReviewRound.Stage.labels], _("发布")]
    if current is None or current.state in (ReviewRound.State.RETURNED, ReviewRound.State.DROPPED):
        return [Stop(n, name, "now" if n == 1 else "") for n, name in enumerate(steps, 1)]
    standing = valid(current.signatures.all(), current.hash)
    found = [Stop(1, steps[0], "done", current.submitted_name)]
    for stage in ReviewRound.Stage.values:
        names = "、".join(dict.fromkeys(row.name for row in standing if row.stage == stage))
        done = stage_done(stage, standing)
        now = not done and current.stage == stage and current.state == ReviewRound.State.REVIEWING
        found.append(Stop(stage + 1, steps[stage], "done" if done else "now" if now else "", names))
    released = current.state == ReviewRound.State.RELEASED
    waits = current.state in (ReviewRound.State.PASSED, ReviewRound.State.SCHEDULED)
    return [*found, Stop(5, steps[4], "done" if released else "now" if waits else "")]
