from datetime import timedelta

import pytest
from django.utils import timezone

from anlan.exams.models import Blueprint, Exam, Question
from anlan.operations.indexing import reindex
from anlan.search.models import Document
from anlan.training.models import Course
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def _question(cast: Cast, course: Course) -> Question:
    return Question.objects.create(
        owner=cast.school, course=course, code="q-1", kind="single", point="断电", stem="有人触电，第一步做什么？",
        body={"options": ["拉他", "断电"]}, key={"answer": [1]}, why="先断电。",
    )  # fmt: skip


def test_published_courses_are_found_and_withdrawn_ones_go(cast: Cast) -> None:
    course = Course.objects.create(
        owner=cast.school,
        slug="shock",
        title="防触电",
        summary="断电再救人",
        state="published",
        published_at=timezone.now(),
    )
    assert reindex()["course"] == (1, 0) and reindex()["course"] == (0, 0)
    found = Document.objects.get(kind="course", key="shock")
    assert found.url == "/courses/shock/" and "断电" in found.text
    Course.objects.filter(pk=course.pk).update(state="withdrawn")
    assert reindex()["course"] == (0, 1)
    assert Document.objects.get(pk=found.pk).gone


def test_a_question_is_found_only_while_a_mock_exam_shows_it_and_never_its_key(cast: Cast) -> None:
    course = Course.objects.create(owner=cast.school, slug="shock", title="防触电", state="published")
    _question(cast, course)
    assert reindex()["question"] == (0, 0)
    now = timezone.now()
    exam = Exam.objects.create(
        organisation=cast.school, region_code=cast.school.region_code, course=course, title="模拟", kind="mock", minutes=10,
        opens_at=now, closes_at=now + timedelta(days=1), pass_mark=80,
        blueprint=Blueprint.objects.create(owner=cast.school, course=course, code="b", title="模拟", rules=[]),
    )  # fmt: skip
    assert reindex()["question"] == (1, 0)
    found = Document.objects.get(kind="question")
    assert "断电。" not in found.text and "拉他" not in found.text
    Exam.objects.filter(pk=exam.pk).update(closes_at=now)
    assert reindex()["question"] == (0, 1)
