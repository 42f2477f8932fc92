"""Every address as every role, inside and outside the territory: what is not allowed is 403 or 404, and nothing breaks."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import Post, User
from anlan.certificates.models import Certificate, PrintBatch, Revocation, TreeHead
from anlan.enterprises.models import Enterprise, Export, Roster, Worker
from anlan.exams.actions.sittings import start_sitting, submit_sitting
from anlan.exams.models import Appeal, Blueprint, Exam, Question, Sitting
from anlan.files.actions import store
from anlan.notifications.models import Notice
from anlan.operations.demo import lay_demo
from anlan.operations.demo.cast import Cast, lay_cast
from anlan.training.models import (
    ClassExport,
    Course,
    CourseCase,
    CourseDocument,
    CourseTag,
    Enrolment,
    Lesson,
    LessonNote,
    LessonPrompt,
    Recording,
    TrainingClass,
)
from tests import walk
from tests.walk import ALLOWED

pytestmark = pytest.mark.django_db
NOBODY = "nobody"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)
FIXED = {
    "accounts:enter_demo": "/demo/enter/worker/",
    "accounts:no_mail": "/accounts/email/",
}


@pytest.fixture
def stage() -> tuple[Cast, dict[str, list[Any]]]:
    """The whole demo, and for every kind of object the arguments that lead to one of the forge's."""
    lay_demo()
    cast = lay_cast()
    return cast, arguments(cast)


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """Return the address arguments per key of `ALLOWED`."""
    forge, worker, now = cast.forge, cast.worker, timezone.now()
    job = Worker.objects.get(enterprise_id=forge.pk, user=worker)
    course = Course.objects.filter(owner=cast.school, state="published").order_by("pk").first()
    assert course is not None
    course.cover = store(ContentFile(PNG), name="a.png", owner=("test", "2"), by_id=None)
    course.save()
    lesson = Lesson.objects.filter(course=course).order_by("position").first()
    assert lesson is not None
    blob = store(ContentFile(b"%PDF-1.4 demo"), name="a.pdf", owner=("test", "1"), by_id=None)
    file_lesson = Lesson.objects.create(
        course=course, position=99, title="文件", kind="document", document=blob, text="x"
    )
    klass = (
        TrainingClass.objects.filter(organisation=forge, state="open", enrolments__user=worker).order_by("pk").first()
    )
    assert klass is not None
    klass.batch = uuid.uuid4()
    klass.save()
    blueprint = Blueprint.objects.filter(owner=cast.school).order_by("pk").first()
    assert blueprint is not None
    Enrolment.objects.get_or_create(training_class=klass, user=cast.manager)
    exam = Exam.objects.create(
        organisation=forge, region_code=forge.region_code, blueprint=blueprint, training_class=klass, title="走查考试", kind="final",
        opens_at=now - timedelta(hours=1), closes_at=now + timedelta(days=1), minutes=30, pass_mark=80, needs_learnt=False,
    )  # fmt: skip
    sitting = start_sitting(exam, by=worker)
    scored = submit_sitting(start_sitting(exam, by=cast.manager), by=cast.manager)
    Sitting.objects.filter(pk=scored.pk).update(user=worker, attempt=9)
    certificate = (
        Certificate.objects.filter(user=worker, enterprise_id=forge.pk, revoked_at=None)
        .exclude(pdf=None)
        .order_by("pk")
        .first()
    )
    assert certificate is not None
    revoked = (
        Certificate.objects.filter(enterprise_id=forge.pk).exclude(pk=certificate.pk).order_by("pk").first()
        or certificate
    )
    recording = Recording.objects.filter(course__owner=cast.school).order_by("pk").first() or Recording.objects.create(
        course=course, title="录像"
    )
    prompt = LessonPrompt.objects.filter(lesson__course=course).order_by("pk").first()
    assert prompt is not None
    note = LessonNote.objects.create(user=worker, lesson=lesson, at_ms=0, text="记")
    tag = CourseTag.objects.filter(course=course).order_by("pk").first()
    roster = Roster.objects.create(
        enterprise_id=forge.pk, file=blob, errors_file=blob, created_by=cast.manager, state="done"
    )
    post = Post.objects.get(user=worker, organisation=forge)
    case = CourseCase.objects.filter(course=course).order_by("pk").first()
    handout = CourseDocument.objects.filter(course=course).order_by("pk").first()
    assert tag is not None
    assert case is not None
    assert handout is not None
    return walk.arguments(cast) | {
        "": [],
        "town": ["410105018"],
        "certificate": [certificate.pk],
        "certificate_number": [certificate.number],
        "revocation": [Revocation.objects.create(certificate=revoked, because="走查", asked_by=cast.teacher).pk],
        "batch": [PrintBatch.objects.create(by=cast.manager, total=1, done=1, file=blob).uid],
        "exam": [exam.pk],
        "sitting": [sitting.uid],
        "scored": [scored.uid],
        "appeal": [Appeal.objects.create(sitting=scored, text="请复核").pk],
        "question": [Question.objects.filter(owner=cast.school, state="live").order_by("pk")[0].pk],
        "upload": [uuid.uuid4()],
        "blueprint": [blueprint.pk],
        "slug": [course.slug],
        "document": [course.slug, handout.pk],
        "lesson": [lesson.pk],
        "file_lesson": [file_lesson.pk],
        "prompt": [prompt.lesson_id, prompt.pk],
        "note": [lesson.pk, note.pk],
        "media": ["forged-token", "master.m3u8"],
        "hours_of": [job.pk],
        "class": [klass.pk],
        "class_batch": [klass.batch],
        "class_step": [klass.pk, "close"],
        "class_export": [
            ClassExport.objects.create(training_class=klass, file=blob, created_by=cast.manager, state="done").pk
        ],
        "enterprise": [forge.pk],
        "course": [course.pk],
        "course_case": [course.pk, case.pk],
        "course_handout": [course.pk, handout.pk],
        "course_part": [course.pk, "case", case.pk],
        "course_tag": [tag.pk],
        "recording": [recording.pk],
        "firm_export": [Export.objects.create(created_by=cast.county, post=cast.county.post, file=blob).pk],
        "job": [job.pk],
        "roster": [roster.pk],
        "roster_step": [roster.pk, "undo"],
        "post": [post.pk],
        "notice": [Notice.objects.create(user=worker, kind="x", title="走查", key="walk").pk],
        "reveal": [worker.pk, "phone"],
    }


def outcome(client: Client, method: str, url: str) -> str:
    """Return how a visit ended: in, out, or a description of what broke."""
    response = client.generic(method, url, data="", content_type="application/x-www-form-urlencoded")
    if response.status_code in (403, 404):
        return "out"
    if response.status_code == 302 and "/accounts/login/" in response["Location"]:
        return "out"
    return "in" if response.status_code < 500 else f"broke with {response.status_code}"


def test_every_role_enters_only_what_it_may(
    stage: tuple[Cast, dict[str, list[Any]]], sign_in: Callable[[User], Client]
) -> None:
    cast, objects = stage
    heads = f"?from={TreeHead.objects.earliest('size').size}&to={TreeHead.objects.latest('size').size}"
    clients: dict[str, Client] = {key: sign_in(user) for key, user in cast.people.items()} | {NOBODY: Client()}
    logging.disable(logging.CRITICAL)
    wrong = []
    for name, (method, key, allowed) in ALLOWED.items():
        url = FIXED.get(name) or reverse(name, args=objects[key]) + (
            heads if name == "certificates:consistency" else ""
        )
        for who, client in clients.items():
            client.raise_request_exception = False
            with transaction.atomic():
                found = outcome(Client() if name == "accounts:enter_demo" else client, method, url)
                transaction.set_rollback(True)
            if found != ("in" if who in allowed else "out"):
                wrong.append(f"{method} {name} as {who}: {found}")
    logging.disable(logging.NOTSET)
    assert wrong == [], "\n".join(wrong)


def test_a_territory_is_not_entered_through_a_number(cast: Cast, sign_in: Callable[[User], Client]) -> None:
    for code, status in (("410105018", 200), ("410102", 404), ("4103", 404), ("41", 404), ("999999", 404)):
        assert sign_in(cast.county).get(f"/overview/{code}/").status_code == status, code


def test_the_demo_keeps_firms_apart_and_every_firm_where_its_organisation_is(cast: Cast) -> None:
    lay_demo()
    assert not Enterprise.objects.exclude(region_code=F("organisation__region_code")).exists()
    outside = Enrolment.objects.exclude(enterprise_id=cast.forge.pk)
    assert outside.exists()
    assert not (Enrolment.objects.visible_to(cast.manager) & outside).exists()
