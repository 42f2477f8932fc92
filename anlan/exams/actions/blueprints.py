"""Writes on blueprints. A version is immutable: saving freezes the pools, an edit is the next version."""

from __future__ import annotations

import secrets
from collections import Counter

from django.db import transaction
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.audit.actions import record
from anlan.exams.models import Blueprint, Question
from anlan.exams.papers import KINDS, Rule, TooFew, draw
from anlan.exams.questions import KINDS as KIND_NAMES
from anlan.lib.errors import Refused
from anlan.training.models import Course

MAX_QUESTIONS = 200


def matching(rule: Rule, owner: Organisation, course: Course | None) -> list[int]:
    """The live questions that a row may draw, by id. The course of the blueprint limits all its rows."""
    found = Question.objects.filter(owner=owner, kind=rule["kind"]).live()
    if course is not None:
        found = found.filter(course=course)
    if rule.get("point"):
        found = found.filter(point=rule["point"])
    difficulty = rule.get("difficulty")
    if difficulty:
        found = found.filter(difficulty=difficulty)
    return list(found.order_by("pk").values_list("pk", flat=True))


def describe(rule: Rule) -> str:
    """单选题 · 检测与通风 · 中."""
    parts = [str(_(KIND_NAMES[rule["kind"]])), rule.get("point") or str(_("不限知识点"))]
    difficulty = rule.get("difficulty")
    if difficulty:
        parts.append(str([_("易"), _("中"), _("难")][difficulty - 1]))
    return " · ".join(parts)


def freeze(rules: list[Rule], owner: Organisation, course: Course | None) -> list[list[int]]:
    """Return the pools of the rules. Raises `Refused` (422) saying which row has how many and needs how many."""
    if not rules:
        raise Refused(_("还没有一行规则。"), code="no_rules", status=422)
    for rule in rules:
        if rule["kind"] not in KINDS or not 1 <= rule["count"] <= MAX_QUESTIONS or not 1 <= rule["points"] <= 100:
            raise Refused(_("“%(rule)s”的题数或分值不对。") % {"rule": describe(rule)}, code="bad_rule", status=422)
    if sum(rule["count"] for rule in rules) > MAX_QUESTIONS:
        raise Refused(_("一份试卷最多 %(n)d 题。") % {"n": MAX_QUESTIONS}, code="too_long", status=422)
    pools = [matching(rule, owner, course) for rule in rules]
    for rule, pool in zip(rules, pools, strict=True):
        if len(pool) < rule["count"]:
            raise Refused(
                _("“%(rule)s”要抽 %(need)d 题，题库里只有 %(have)d 题。请减少题数，或先补题。规则还在页面上，没有保存。")
                % {"rule": describe(rule), "need": rule["count"], "have": len(pool)},
                code="too_few", status=422,
            )  # fmt: skip
    try:
        draw(rules, pools, 0)
    except TooFew as short:
        raise Refused(
            _("“%(rule)s”和别的行抽的是同一批题，加起来不够分。请减少题数，或先补题。") % {"rule": describe(rules[short.rule])},
            code="too_few", status=422,
        ) from None  # fmt: skip
    return pools


@transaction.atomic
def save_blueprint(
    *, title: str, rules: list[Rule], minutes: int, pass_mark: int, is_public: bool, course: Course | None,
    by: User | None, previous: Blueprint | None = None, owner: Organisation | None = None, code: str = "",
) -> Blueprint:  # fmt: skip
    """Save the next version of `previous`, or a new blueprint, with its pools frozen now. Exams keep the version they have.

    Raises `Refused`: 403 without the power, 404 for another organisation's, 409 when `previous` is no longer the newest,
    422 when a row cannot be filled.
    """
    if by is not None:
        if not by.may(powers.TEACH) or by.post is None or by.post.organisation is None:
            raise Refused(_("只有教师可以改组卷规则。"), code="not_teacher", status=403)
        owner = by.post.organisation
    if owner is None:
        raise Refused(_("没有说明规则属于谁。"), code="no_owner", status=422)
    if previous is not None and previous.owner_id != owner.pk:
        raise Refused(_("这份规则不是本机构的。"), code="not_owner", status=404)
    if course is not None and course.owner_id != owner.pk:
        raise Refused(_("这门课程不是本机构的。"), code="other_course", status=404)
    if not title.strip() or not 1 <= minutes <= 600 or not 1 <= pass_mark <= 100:
        raise Refused(_("请写名称；时长 1 至 600 分钟，及格线 1 至 100。"), code="bad_blueprint", status=422)
    pools = freeze(rules, owner, course)
    code = previous.code if previous is not None else (code or f"b-{secrets.token_hex(5)}")
    newest = Blueprint.objects.filter(owner=owner, code=code).order_by("-version").first()
    if (newest.pk if newest else None) != (previous.pk if previous else None):
        raise Refused(_("这份规则刚刚有了新的一版，您写的没有保存。请打开最新一版再改。"), code="stale")
    blueprint = Blueprint.objects.create(
        owner=owner, course=course, code=code, version=(newest.version + 1) if newest else 1, title=title.strip(),
        rules=rules, pools=pools, minutes=minutes, pass_mark=pass_mark, is_public=is_public,
    )  # fmt: skip
    record("save_blueprint", blueprint, by=by, region_code=owner.region_code, version=blueprint.version)
    return blueprint


def kinds_of(blueprint: Blueprint) -> dict[str, int]:
    """How many questions of each kind a paper has, in the order shown."""
    counts: Counter[str] = Counter()
    for rule in blueprint.rules:
        counts[rule["kind"]] += rule["count"]
    return {kind: counts[kind] for kind in KINDS if counts[kind]}


def full_of(blueprint: Blueprint) -> int:
    """The full score in points."""
    return sum(rule["count"] * rule["points"] for rule in blueprint.rules)
