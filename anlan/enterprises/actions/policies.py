"""Writing the rules of a territory: copy, change, try, publish."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.accounts.models.regions import inside
from anlan.audit.actions import record
from anlan.enterprises.actions.policy import Yardstick, batches, yardsticks
from anlan.enterprises.grading import RISKS, faults, read_rules
from anlan.enterprises.models import Enterprise, RiskPolicy
from anlan.enterprises.models.policy import nearest
from anlan.enterprises.risk_facts import facts_of
from anlan.lib.errors import Refused

TRIED: Final = 5000
"""So many firms are tried while somebody waits; of a larger territory every n-th."""
SHOWN: Final = 200


def digest(policy: RiskPolicy) -> str:
    """What a draft says, in 16 characters: whoever publishes proves to have seen just this."""
    said = json.dumps([policy.rules, policy.thresholds, policy.duties], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


@transaction.atomic
def draft_policy(source: RiskPolicy, *, by: User) -> RiskPolicy:
    """Copy a version into a draft of one's own territory; the draft that is there already is returned as it is.

    Raises `Refused` (403) to whoever sets no rules.
    """
    post = by.post
    if post is None or not post.is_territorial or not by.may(powers.SET_RULES):
        raise Refused(gettext_lazy("风险规则由监管部门制定。"), code="not_ruler", status=403)
    own = RiskPolicy.objects.filter(region_code=post.region_code)
    if (open_ := own.filter(published_at__isnull=True).first()) is not None:
        return open_
    number = (own.aggregate(n=Max("number"))["n"] or 0) + 1
    try:
        with transaction.atomic():
            made = RiskPolicy.objects.create(
                region_code=post.region_code, number=number, rules=source.rules, thresholds=source.thresholds, duties=source.duties,
                valid_from=timezone.localdate(),
            )  # fmt: skip
    except IntegrityError:  # two presses at once
        return RiskPolicy.objects.get(region_code=post.region_code, number=number)
    record("draft_policy", made, by=by, region_code=made.region_code, number=number)
    return made


def _held(policy: RiskPolicy, seen: str, by: User) -> RiskPolicy:
    """The draft, locked, if it still says what the writer saw."""
    now = RiskPolicy.objects.select_for_update().filter(pk=policy.pk).first()
    if now is None or not now.can_edit(by):
        raise Refused(gettext_lazy("这一版已经发布或删除，不能再改。复制一版再改。"), code="not_draft", status=409)
    if digest(now) != seen:
        raise Refused(gettext_lazy("别人刚刚改过这份草稿。您写的还在下面，对照后再保存。"), code="stale", status=409)
    return now


@transaction.atomic
def edit_policy(
    policy: RiskPolicy,
    rules: list[dict[str, Any]],
    thresholds: dict[str, int],
    duties: dict[str, Any],
    *,
    by: User,
    seen: str,
) -> None:
    """Write a draft. Raises `Refused`: 409 when published, deleted or changed since `seen`, 422 with what is wrong."""
    now = _held(policy, seen, by)
    if wrong := faults(rules, thresholds, duties):
        raise Refused("".join(wrong[:6]), code="faulty", status=422)
    now.rules, now.thresholds, now.duties = rules, thresholds, duties
    now.save(update_fields=["rules", "thresholds", "duties"])
    record("edit_policy", now, by=by, region_code=now.region_code, number=now.number, rules=len(rules))


@transaction.atomic
def publish_policy(policy: RiskPolicy, note: str, valid_from: date, *, by: User, seen: str) -> None:
    """Let a draft count from a day on; it never changes again. Grades follow at the next run.

    Raises `Refused`: 409 as `edit_policy`, 422 without a note, for a day gone by, or one before the version that already
    stands.
    """
    now = _held(policy, seen, by)
    if not note.strip():
        raise Refused(gettext_lazy("请写一句为什么改，企业看得到。"), code="no_note", status=422, field="note")
    if valid_from < timezone.localdate():
        raise Refused(
            _("%(day)s已经过去，请选今天或以后。") % {"day": valid_from}, code="past", status=422, field="valid_from"
        )
    others = RiskPolicy.objects.filter(region_code=now.region_code, published_at__isnull=False)
    latest = others.aggregate(day=Max("valid_from"))["day"]
    if latest and valid_from < latest:
        raise Refused(
            _("上一版从 %(day)s起生效，这一版不能更早。") % {"day": latest},
            code="before",
            status=422,
            field="valid_from",
        )
    if wrong := faults(now.rules, now.thresholds, now.duties):
        raise Refused("".join(wrong[:6]), code="faulty", status=422)
    now.note, now.valid_from, now.published_at, now.published_by = note.strip()[:300], valid_from, timezone.now(), by
    now.save()
    record(
        "publish_policy",
        now,
        by=by,
        region_code=now.region_code,
        number=now.number,
        valid_from=str(valid_from),
        note=now.note,
    )
    policy.refresh_from_db()


@transaction.atomic
def drop_policy(policy: RiskPolicy, *, by: User) -> None:
    """Delete a draft. Raises `Refused` (409) for what is published."""
    now = RiskPolicy.objects.select_for_update().filter(pk=policy.pk).first()
    if now is None:
        return
    if not now.can_edit(by):
        raise Refused(gettext_lazy("已经发布的版本不能删除。"), code="not_draft", status=409)
    record("drop_policy", now, by=by, region_code=now.region_code, number=now.number)
    now.delete()


@dataclass(slots=True)
class Trial:
    """What a version would do: firms concerned, tried, and those whose colour would change, worst first."""

    concerned: int = 0
    tried: int = 0
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)
    firms: list[tuple[Enterprise, str, str, int]] = field(default_factory=list)

    @property
    def sampled(self) -> bool:
        """Whether only part of the territory was tried."""
        return self.tried < self.concerned


def try_policy(policy: RiskPolicy) -> Trial:
    """Hold a version against the facts of today, in its territory without the parts that have rules of their own. Reads only."""
    others = [code for code in yardsticks() if code.startswith(policy.region_code) and code != policy.region_code]
    firms = Enterprise.objects.active().filter(inside(policy.region_code, "organisation__region_code"))
    for code in others:
        firms = firms.exclude(inside(code, "organisation__region_code"))
    trial, ruler = Trial(concerned=firms.count()), Yardstick(policy, read_rules(policy.rules))
    if trial.concerned > TRIED:
        keys = list(firms.order_by("pk").values_list("pk", flat=True))
        firms = firms.filter(pk__in=keys[:: -(-trial.concerned // TRIED)])
    for batch in batches(firms):
        facts = facts_of(batch)
        for firm in batch:
            verdict = ruler.judge(facts[firm.pk])
            trial.tried += 1
            trial.before[firm.risk] += 1
            trial.after[verdict.risk] += 1
            if verdict.risk != firm.risk:
                trial.moves[firm.risk, verdict.risk] += 1
                trial.firms.append((firm, firm.risk, verdict.risk, verdict.points))
    trial.firms.sort(key=lambda row: (RISKS.index(row[2]), -row[3], row[0].pk))
    del trial.firms[SHOWN:]
    return trial


def policy_at(region_code: str, day: date | None = None) -> RiskPolicy | None:
    """The version in force at a place."""
    found: RiskPolicy | None = nearest(RiskPolicy.objects.in_force(day or timezone.localdate()), region_code)
    return found
