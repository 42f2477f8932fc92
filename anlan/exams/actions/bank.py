"""Writes on the question bank. A question is never changed: an edit is a new version, the old one stays for old papers."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import Organisation, User
from anlan.audit.actions import record
from anlan.exams.models import Question
from anlan.exams.questions import Draft, checked
from anlan.lib.errors import Refused
from anlan.training.models import Course


def _owner(by: User | None, owner: Organisation | None = None) -> Organisation:
    if by is None and owner is not None:
        return owner
    if by is None or not by.may(powers.TEACH) or by.post is None or by.post.organisation is None:
        raise Refused(_("只有教师可以改题库。"), code="not_teacher", status=403)
    return by.post.organisation


def _course(course: Course | None, owner: Organisation) -> Course | None:
    if course is not None and course.owner_id != owner.pk:
        raise Refused(_("这门课程不是本机构的，没有保存。"), code="other_course", status=404, field="course")
    return course


@transaction.atomic
def add_question(
    draft: Draft, *, course: Course | None, by: User | None, owner: Organisation | None = None
) -> Question:
    """Add a question to the bank of the teacher's organisation (`owner` only for the platform itself).

    Raises `Refused`: 403 without the power, 404 for another organisation's course, 422 with the field that is wrong, 409
    when the code is taken.
    """
    house = _owner(by, owner)
    fields = checked(draft)
    Organisation.objects.select_for_update(no_key=True).get(
        pk=house.pk
    )  # a form sent twice at once: the bank has it once
    for twin in Question.objects.filter(owner=house, kind=fields["kind"], stem=fields["stem"], created_by=by).live():
        if (
            not draft.code.strip()
            and twin.course_id == (course.pk if course else None)
            and all(getattr(twin, name) == value for name, value in fields.items())
        ):
            return twin
    code = draft.code.strip() or f"q-{secrets.token_hex(5)}"
    if Question.objects.filter(owner=house, code=code).exists():
        raise Refused(_("编号 %(code)s 已经有一道题了。") % {"code": code}, code="code_taken", field="code")
    question = Question.objects.create(owner=house, course=_course(course, house), code=code, created_by=by, **fields)
    record("add_question", question, by=by, region_code=house.region_code, code=code)
    return question


@transaction.atomic
def revise_question(question: Question, draft: Draft, *, course: Course | None, by: User) -> Question:
    """Write a new version and retire the one seen; exams and blueprints made before keep the old one.

    Raises `Refused` 409 when somebody wrote a newer version meanwhile.
    """
    if not question.can_edit(by):
        raise Refused(_("这道题不是本机构的。"), code="not_owner", status=404)
    fields = checked(draft)
    if all(getattr(question, name) == value for name, value in fields.items()) and question.course_id == (
        course.pk if course else None
    ):
        return question
    changed = Question.objects.filter(pk=question.pk, state=Question.State.LIVE).update(state=Question.State.RETIRED)
    if not changed:
        raise Refused(_("这道题刚刚被改过或停用了。您写的没有保存，请打开最新一版再改。"), code="stale")
    newer = Question.objects.create(
        owner_id=question.owner_id, course=_course(course, question.owner), code=question.code,
        version=question.version + 1, created_by=by, **fields,
    )  # fmt: skip
    record("revise_question", newer, by=by, region_code=question.owner.region_code, version=newer.version)
    return newer


@transaction.atomic
def retire_question(question: Question, *, by: User) -> None:
    """Take a question out of use for new papers. Papers drawn from frozen pools keep it. Again is harmless."""
    if not question.can_edit(by):
        raise Refused(_("这道题不是本机构的。"), code="not_owner", status=404)
    if Question.objects.filter(pk=question.pk, state=Question.State.LIVE).update(state=Question.State.RETIRED):
        record("retire_question", question, by=by, region_code=question.owner.region_code)


def fingerprint(fields: dict[str, Any]) -> tuple[str, str, str]:
    """What makes two questions the same: kind, stem and everything one can choose from, whatever the order and spaces."""
    body = fields["body"]
    texts = list(body.get("options", [])) + [
        f"{p['stem']}{sorted(p.get('options', []))}" for p in body.get("parts", [])
    ]
    squeezed = sorted("".join(text.split()) for text in texts)
    return fields["kind"], "".join(fields["stem"].split()), "|".join(squeezed)


@transaction.atomic
def import_questions(
    drafts: Iterable[Draft], *, course: Course | None, by: User | None, owner: Organisation | None = None
) -> dict[str, int]:
    """Add many questions at once; return {"added", "revised", "same"}.

    A draft with the code of a live question is a new version of it when anything differs; one that equals a live
    question is left out. All or nothing: the first wrong draft raises `Refused` (callers check rows before).
    """
    house = _owner(by, owner)
    live = {question.code: question for question in Question.objects.filter(owner=house).live()}
    taken = set(Question.objects.filter(owner=house).values_list("code", flat=True)) - set(live)
    known = {fingerprint({"kind": q.kind, "stem": q.stem, "body": q.body}) for q in live.values()}
    counts = {"added": 0, "revised": 0, "same": 0}
    fresh: list[Question] = []
    for draft in drafts:
        fields = checked(draft)
        old = live.get(draft.code)
        if old is not None:
            if all(getattr(old, name) == value for name, value in fields.items()):
                counts["same"] += 1
            elif by is not None:
                revise_question(old, draft, course=old.course, by=by)
                counts["revised"] += 1
            continue
        mark = fingerprint(fields)
        if mark in known:
            counts["same"] += 1
            continue
        known.add(mark)
        code = draft.code if draft.code and draft.code not in taken else f"q-{secrets.token_hex(5)}"
        taken.add(code)
        fresh.append(Question(owner=house, course=_course(course, house), code=code, created_by=by, **fields))
    counts["added"] = len(Question.objects.bulk_create(fresh))
    if counts["added"] or counts["revised"]:
        subject = ("exams.question", "", house.name)
        record("import_questions", subject, by=by, region_code=house.region_code, **counts)
    return counts
