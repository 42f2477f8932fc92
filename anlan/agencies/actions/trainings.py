"""Asking for training: matched by the platform, chosen by the firm, answered by the institution (G-03)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import Post, User
from anlan.agencies.actions.common import change, deciders, decides, need_words, no_power, stamp
from anlan.agencies.matching import Candidate, Wanted, propose
from anlan.agencies.models import Provider, TrainingRequest
from anlan.audit.actions import record
from anlan.enterprises.industries import name_of
from anlan.enterprises.models import Enterprise
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify

State = TrainingRequest.State


def candidates(trade: str) -> list[Candidate]:
    """Return every institution that takes requests, with what it has taught so far. Two queries."""
    taught: dict[int, dict[int, str]] = defaultdict(dict)
    done = TrainingRequest.objects.filter(state=State.DONE).values_list(
        "institution_id", "enterprise_id", "enterprise__industry"
    )
    for institution, firm, industry in done:
        taught[institution or 0][firm] = industry[:3]
    providers = Provider.objects.filter(is_open=True, organisation__kind="institution").select_related("organisation")
    return [
        Candidate(
            id=one.pk, name=str(one), topics=tuple(one.topics), industries=tuple(one.industries), capacity=one.capacity,
            least=one.least, on_site=one.on_site,
            at=None if one.latitude is None or one.longitude is None else (one.latitude, one.longitude),
            taught_trade=sum(found == trade for found in taught[one.pk].values()), taught_all=len(taught[one.pk]),
        )
        for one in providers
    ]  # fmt: skip


@transaction.atomic
def match_training(asked: TrainingRequest) -> None:
    """Compute the proposals for a request and keep them with their reasons, as they will be shown."""
    firm = asked.enterprise
    wanted = Wanted(
        topic=asked.topic, topic_words=str(asked.get_topic_display()), industry=firm.industry,
        industry_words=name_of(firm.trade), people=asked.people, on_site=asked.on_site,
        at=None if firm.latitude is None or firm.longitude is None else (firm.latitude, firm.longitude),
    )  # fmt: skip
    out = {row["id"] for row in asked.declined}
    found = propose(wanted, [one for one in candidates(firm.trade) if one.id not in out])
    asked.proposals, asked.matched_at = [one.plain() for one in found], timezone.now()
    asked.save(update_fields=["proposals", "matched_at"])


def _tell(people: list[int], asked: TrainingRequest, title: str, *, text: str = "") -> None:
    url = reverse("agencies:training", args=[asked.pk])
    notify(people, "agency", title, key=f"training-request:{asked.pk}:{stamp()}", text=text, url=url)


def _teachers(organisation_id: int) -> list[int]:
    posts = Post.objects.open().filter(organisation_id=organisation_id, role_id__in=("institution_admin", "teacher"))
    return list(posts.values_list("user_id", flat=True).distinct())


def _note(verb: str, asked: TrainingRequest, by: User, reason: str = "") -> None:
    region = asked.enterprise.organisation.region_code
    record(verb, asked, by=by, region_code=region, scope=str(asked.institution or ""), reason=reason)


@transaction.atomic
def ask_training(enterprise: Enterprise, *, by: User, **values: Any) -> TrainingRequest:
    """A firm asks for training (`values`: fields of the request) and is shown who could do it.

    Raises `Refused`: not its manager (403), days that do not fit (422), a like request still open (409).
    """
    if not decides(by, enterprise):
        raise no_power()
    if values["wanted_until"] < values["wanted_from"] or values["wanted_until"] < timezone.localdate():
        raise Refused(_("结束的日子要在开始之后，并且还没有过去。"), code="dates", status=422, field="wanted_until")
    same = TrainingRequest.objects.filter(
        enterprise=enterprise, topic=values["topic"], state__in=[State.OPEN, State.ASKED]
    )
    if same.exists():
        raise Refused(_("同一项培训的申请还没有办完，没有重复提交。"), code="asked_already", field="topic")
    asked = TrainingRequest.objects.create(enterprise=enterprise, asked_by=by, **values)
    match_training(asked)
    _note("ask_training", asked, by)
    return asked


@transaction.atomic
def choose_institution(asked: TrainingRequest, institution_id: int, *, by: User) -> None:
    """The firm sends its request to one of the proposed institutions. Raises `Refused`: 403, not proposed (422), chosen (409)."""
    if not asked.is_firm(by):
        raise no_power()
    if institution_id not in {row["id"] for row in asked.proposals}:
        raise Refused(_("请从列出的机构里选一家。"), code="not_proposed", status=422)
    change(asked, [State.OPEN], state=State.ASKED, institution_id=institution_id, answer="")
    _note("choose_institution", asked, by)
    words = {"firm": asked.enterprise, "n": asked.people, "topic": asked.get_topic_display()}
    _tell(_teachers(institution_id), asked, _("%(firm)s申请培训：%(topic)s，%(n)d 人") % words)


@transaction.atomic
def agree_training(asked: TrainingRequest, *, by: User, agreed_on: date, words: str = "") -> None:
    """The institution takes it and names the first day. Raises `Refused`: 403, day past (422), answered already (409)."""
    if not asked.is_institution(by):
        raise no_power()
    if agreed_on < timezone.localdate():
        raise Refused(_("这一天已经过去，请选今天或以后。"), code="past", status=422, field="agreed_on")
    change(asked, [State.ASKED], state=State.AGREED, agreed_on=agreed_on, answer=words.strip()[:300])
    _note("agree_training", asked, by)
    _tell(
        deciders(asked.enterprise_id),
        asked,
        _("%(who)s接了培训，%(day)s 开始") % {"who": asked.institution, "day": agreed_on},
    )


@transaction.atomic
def decline_training(asked: TrainingRequest, *, by: User, because: str) -> None:
    """The institution does not take it; the firm is shown the others."""
    if not asked.is_institution(by):
        raise no_power()
    words = need_words(because, field="because")
    declined = [*asked.declined, {"id": asked.institution_id, "name": str(asked.institution), "reason": words[:300]}]
    name = str(asked.institution)
    _note("decline_training", asked, by, words)
    change(asked, [State.ASKED], state=State.OPEN, institution=None, declined=declined, answer="")
    match_training(asked)
    _tell(deciders(asked.enterprise_id), asked, _("%(who)s没有接培训，请另选一家") % {"who": name}, text=words)


@transaction.atomic
def withdraw_training(asked: TrainingRequest, *, by: User) -> None:
    """The firm takes its request back."""
    if not asked.is_firm(by):
        raise no_power()
    told = asked.institution_id
    change(asked, [State.OPEN, State.ASKED, State.AGREED], state=State.WITHDRAWN)
    _note("withdraw_training", asked, by)
    if told:
        _tell(_teachers(told), asked, _("%(firm)s撤回了培训申请") % {"firm": asked.enterprise})


@transaction.atomic
def finish_training(asked: TrainingRequest, *, by: User) -> None:
    """The institution says that the class has begun; from then on it counts as taught."""
    if not asked.is_institution(by):
        raise no_power()
    if asked.agreed_on is not None and asked.agreed_on > timezone.localdate():
        raise Refused(_("约定的日子还没有到。"), code="too_early")
    change(asked, [State.AGREED], state=State.DONE)
    _note("finish_training", asked, by)
    _tell(deciders(asked.enterprise_id), asked, _("%(who)s登记了开班") % {"who": asked.institution})


@transaction.atomic
def edit_provider(provider: Provider, *, by: User, **values: Any) -> None:
    """The institution says what it can do. Raises `Refused` (403) to others than its own teachers."""
    if not by.may("teach") or by.post is None or by.post.organisation_id != provider.organisation_id:
        raise no_power()
    for name, value in values.items():
        setattr(provider, name, value)
    provider.save()
    record("edit_provider", provider.organisation, by=by, region_code=provider.organisation.region_code)
