"""The one way a hazard changes: rule, compare-and-set, step, record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.agencies.scoring import note_recheck
from anlan.audit.actions import record
from anlan.hazards import life, people
from anlan.hazards.models import Hazard, HazardStep
from anlan.lib.dates import SHANGHAI
from anlan.lib.errors import Refused, Text
from anlan.notifications.actions import notify

MAX_WORDS = 500


def take(
    hazard: Hazard,
    verb: str,
    *,
    by: User | None,
    version: int | None = None,
    at: datetime | None = None,
    words: str = "",
    detail: dict[str, Any] | None = None,
    **changes: Any,
) -> HazardStep:
    """Do `verb`: check that it is possible and theirs, write `changes` by compare-and-set on `version`, keep the step.

    `by` None is the clock or the house, which `life` alone binds. Call inside a transaction; `hazard` is brought up to
    date. Raises `Refused`: somebody was faster (409 `stale`), impossible in this state (409), not theirs (403).
    """
    if version is not None and version != hazard.version:
        raise stale(hazard)
    if not life.leads(verb, hazard.state, hazard.grade, hazard.source):
        raise Refused(
            _("这条隐患现在是“%(state)s”，不能%(verb)s。")
            % {"state": hazard.get_state_display(), "verb": life.say(verb)},
            code="wrong_state",
        )
    if by is not None and not hazard.can(verb, by):
        raise Refused(_why_not(hazard, verb, by), code="not_yours", status=403)
    before, after = hazard.state, life.after(verb, hazard.state, hazard.grade)
    changes |= {"state": after}
    mine = Hazard.objects.filter(pk=hazard.pk, version=hazard.version)
    if not mine.update(version=F("version") + 1, **changes):
        raise stale(hazard)
    for name, value in changes.items():
        setattr(hazard, name, value)
    hazard.version += 1
    return keep(hazard, verb, before=before, by=by, at=at, words=words, detail=detail)


def keep(
    hazard: Hazard,
    verb: str,
    *,
    before: str,
    by: User | None,
    at: datetime | None = None,
    words: str = "",
    detail: dict[str, Any] | None = None,
) -> HazardStep:
    """Write the step and the record of what has just been done."""
    step = HazardStep.objects.create(
        hazard=hazard, verb=verb, before=before, after=hazard.state, level=hazard.level, by=by,
        by_post=str(by.post)[:120] if by is not None and by.post is not None else "",
        at=at or timezone.now(), words=words.strip()[:MAX_WORDS], detail=detail or {},
    )  # fmt: skip
    name = "find_hazard" if verb == "find" else f"{verb}_hazard"
    record(name, hazard, by=by, region_code=hazard.region_code, number=hazard.number, before=before, after=hazard.state)
    return step


def stale(hazard: Hazard) -> Refused:
    """Who did what meanwhile, and that what was typed is kept."""
    last = HazardStep.objects.filter(hazard=hazard).select_related("by").order_by("-pk").first()
    if last is None:
        return Refused(_("这条隐患刚刚被改过。您写的还在下面，核对后再提交。"), code="stale")
    at = last.at.astimezone(SHANGHAI)
    return Refused(
        _("%(who)s %(time)s 已经做了“%(verb)s”。您写的还在下面，核对后再提交。")
        % {"who": last.by.name if last.by else _("平台"), "time": f"{at:%H:%M}", "verb": life.say(last.verb)},
        code="stale",
    )


def _why_not(hazard: Hazard, verb: str, by: User) -> str:
    if verb in ("pass", "fail", "close") and by.pk in (hazard.cured_by_id, hazard.fixer_id):
        return _("整改的人不能复查自己的整改，请由别人复查。")
    if verb in ("pass", "fail") and by.post is not None and by.post.organisation_id == hazard.helper_id:
        return _("帮企业整改的机构不能复查同一条隐患，由网格员复查。")
    if hazard.level > Hazard.Level.GRID and verb in ("pass", "fail", "close", "extend_grant", "extend_refuse"):
        return _("这条隐患已经到“%(level)s”，由那一级办理。") % {"level": hazard.get_level_display()}
    return _("%(verb)s不在您现在这个身份的职责里。") % {"verb": life.say(verb)}


def needed(value: str, field: str, message: str) -> str:
    """The text without spaces around it; `Refused` (422) with this message when nothing is left."""
    if not value.strip():
        raise Refused(message, code="empty", status=422, field=field)
    return value.strip()


def plain(value: Any) -> Any:
    """The value as the detail of a step carries it."""
    return value.isoformat() if isinstance(value, date) else value.pk if isinstance(value, User) else value


KINDS: Final = {"escalate": "hazard_escalated", "overdue": "hazard_overdue"}
"""Steps that may wake a phone: `notifications.kinds.URGENT`."""


def tell(users: Iterable[int], hazard: Hazard, step: HazardStep, title: Text, text: Text) -> None:
    """Put a message about a step into inboxes, except of whoever did it."""
    notify(
        people.but(users, step.by_id), KINDS.get(step.verb, "hazard"), title, key=f"hazard-step:{step.pk}", text=text,
        url=reverse("hazards:detail", args=[hazard.pk]),
    )  # fmt: skip


def weigh(hazard: Hazard, step: HazardStep, *, passed: bool) -> None:
    """Let a re-inspection weigh on the score of the agency that helped to cure, else of the one that found the hazard;
    never when that agency looked at its own finding itself."""
    agency = hazard.helper_id or hazard.found_for_id
    by_itself = step.by is not None and step.by.post is not None and step.by.post.organisation_id == agency
    if agency is not None and not by_itself:
        note_recheck(agency, passed, hazard.enterprise, step.at)
