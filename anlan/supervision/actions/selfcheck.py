"""Writes on self-checks: begin, answer, finish, keep for the firm, share, delete."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.audit.actions import record
from anlan.enterprises.models import Enterprise
from anlan.lib.context import client_address
from anlan.lib.errors import Refused
from anlan.supervision.models import Questionnaire, SelfCheck
from anlan.supervision.selfcheck.judging import allowed, asked_in, first_open, judge
from anlan.supervision.selfcheck.models import new_key
from anlan.supervision.selfcheck.questionnaires import shipped

KEPT_DAYS: Final = 90
"""So long is a check kept that belongs to no firm, after the last answer."""
AN_HOUR: Final = 30
"""So many may one address begin within an hour without an account."""
Person = User | AnonymousUser


def firm_of(user: Person) -> Enterprise | None:
    """The firm whose checks the user makes: that of a managing post."""
    if not isinstance(user, User) or user.post is None or not user.may(powers.MANAGE_ENTERPRISE):
        return None
    if user.post.organisation is None or user.post.organisation.kind != Organisation.Kind.ENTERPRISE:
        return None
    return Enterprise.objects.select_related("organisation").filter(pk=user.post.organisation_id).first()


def start_check(code: str, *, by: Person, before: SelfCheck | None = None) -> SelfCheck:
    """Begin a check with the present version of a questionnaire; a firm's begun one is gone on with.

    `before`: what it will be compared with; for a firm, its last one of the same industry. Raises `Refused`: 404 for an
    unknown industry, 429 after 30 within an hour from one address without an account.
    """
    one = shipped().get(code)
    if one is None:
        raise Refused(_("没有这个行业的自查表。"), code="no_questionnaire", status=404)
    firm = firm_of(by)
    if firm is None:
        _spend()
    with transaction.atomic():
        version, _made = Questionnaire.objects.get_or_create(
            code=one.code, digest=one.digest, defaults={"body": one.body}
        )
        if firm is not None:
            own = SelfCheck.objects.filter(enterprise=firm, questionnaire__code=code)
            begun = own.filter(done_at=None, questionnaire=version).order_by("-pk").first()
            if begun is not None:
                return begun
            before = own.done().first()
        return SelfCheck.objects.create(
            key=new_key(),
            questionnaire=version,
            enterprise=firm,
            region_code=firm.organisation.region_code if firm else "",
            made_by=by if isinstance(by, User) and firm else None,
            before=before,
        )


def _spend() -> None:
    key = f"selfcheck:{client_address.get()}"
    cache.add(key, 0, 3600)
    try:
        count = cache.incr(key)
    except ValueError:  # it ran out between the two calls
        return
    if count > AN_HOUR:
        raise Refused(_("开始得太频繁了，请过一小时再来。已经答的都还在原来的网址里。"), code="too_often", status=429)


@transaction.atomic
def answer_section(check: SelfCheck, section: int, given: Mapping[str, str]) -> list[str]:
    """Keep the answers of a section and return the keys of its questions that are still open.

    What is no answer to a question of this section is left out. Raises `Refused` 409 when the check is done already.
    """
    fresh = SelfCheck.objects.select_for_update(of=("self",)).select_related("questionnaire").get(pk=check.pk)
    if fresh.done_at is not None:
        raise Refused(_("这次自查已经出了结果。要改答案，请再查一遍。"), code="done")
    asked = asked_in(fresh.body, section, fresh.answers)
    for question in asked:
        if given.get(question["key"]) in allowed(question):
            fresh.answers[question["key"]] = given[question["key"]]
    fresh.saved_at = timezone.now()
    fresh.save(update_fields=["answers", "saved_at"])
    check.answers, check.saved_at = fresh.answers, fresh.saved_at
    return [question["key"] for question in asked if question["key"] not in fresh.answers]


@transaction.atomic
def finish_check(check: SelfCheck, *, by: Person) -> SelfCheck:
    """Judge a check whose questions are all answered; again changes nothing. Raises `Refused` 409 while some are open."""
    fresh = SelfCheck.objects.select_for_update(of=("self",)).select_related("questionnaire").get(pk=check.pk)
    if fresh.done_at is not None:
        return fresh
    if first_open(fresh.body, fresh.answers) is not None:
        raise Refused(_("还有题没有答，已经答的都在。"), code="open")
    verdict = judge(fresh.body, fresh.answers)
    fresh.score, fresh.gaps = verdict.score, [gap["key"] for gap in verdict.gaps]
    fresh.done_at = fresh.saved_at = timezone.now()
    fresh.save(update_fields=["score", "gaps", "done_at", "saved_at"])
    if fresh.enterprise_id is not None:
        record("finish_self_check", fresh, by=by if isinstance(by, User) else None, region_code=fresh.region_code)
    return fresh


@transaction.atomic
def keep_for_firm(check: SelfCheck, *, by: Person) -> SelfCheck:
    """Put a check that belongs to nobody into the firm of the user: from now on only its managers open it.

    Raises `Refused`: 403 for whoever manages no firm, 409 when it belongs to one already.
    """
    firm = firm_of(by)
    if firm is None:
        raise Refused(_("存进企业要用企业管理员或安全管理员的身份。"), code="no_firm", status=403)
    previous = SelfCheck.objects.filter(enterprise=firm, questionnaire__code=check.questionnaire.code).done().first()
    moved = SelfCheck.objects.filter(pk=check.pk, enterprise=None).update(
        enterprise=firm, region_code=firm.organisation.region_code, made_by=by, before=check.before or previous
    )
    if not moved:
        raise Refused(_("这次自查已经存在一家企业里了。"), code="kept")
    check.refresh_from_db()
    record("keep_self_check", check, by=by if isinstance(by, User) else None, region_code=check.region_code)
    return check


@transaction.atomic
def share_check(check: SelfCheck, on: bool, *, by: Person) -> SelfCheck:
    """Open or close the read-only address. Closing kills it for good: the next one is another.

    Raises `Refused` 409 before there is a result.
    """
    if check.done_at is None:
        raise Refused(_("先做完自查，再分享结果。"), code="open")
    found = SelfCheck.objects.filter(pk=check.pk)
    if on:
        found.filter(share_key=None).update(share_key=new_key())
    else:
        found.update(share_key=None)
    if check.enterprise_id is not None:
        who = by if isinstance(by, User) else None
        record("share_self_check" if on else "unshare_self_check", check, by=who, region_code=check.region_code)
    check.refresh_from_db()
    return check


@transaction.atomic
def delete_check(check: SelfCheck, *, by: Person) -> None:
    """Delete a check with its answers."""
    if check.enterprise_id is not None:
        who = by if isinstance(by, User) else None
        record("delete_self_check", check, by=who, region_code=check.region_code)
    check.delete()


def clear_old_checks() -> int:
    """Delete the checks without a firm that nobody touched for 90 days; return how many."""
    old = timezone.now() - timedelta(days=KEPT_DAYS)
    return SelfCheck.objects.filter(enterprise=None, saved_at__lt=old).delete()[0]
