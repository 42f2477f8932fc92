"""The public catalogue and the page of a course."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from anlan.accounts.models import User
from anlan.operations.demo.cast import Cast
from anlan.training.models import Course, CourseCase, CourseDocument, CourseTag, LessonProgress, Rating, Tag
from anlan.training.tests.learners import lay_class, lay_course

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def tag(course: Course, *names: str) -> None:
    parent = None
    for level, name in enumerate(names, start=1):
        parent, _new = Tag.objects.get_or_create(name=name, level=level, parent=parent)
    CourseTag.objects.create(course=course, tag=parent)


def test_anyone_sees_published_courses_and_nobody_outside_the_school_sees_drafts(
    cast: Cast, client: Client, sign_in: SignIn
) -> None:
    lay_course(cast)
    draft = lay_course(cast, slug="draft")
    Course.objects.filter(pk=draft.pk).update(state="draft", title="没写完的课")
    page = client.get("/courses/")
    assert "罐区作业" in page.content.decode() and "没写完的课" not in page.content.decode()
    assert client.get("/courses/draft/").status_code == 404
    assert sign_in(cast.manager).get("/courses/draft/").status_code == 404
    assert sign_in(cast.teacher).get("/courses/draft/").status_code == 200


def test_courses_are_found_by_industry_post_risk_and_word(cast: Cast, client: Client) -> None:
    tag(lay_course(cast), "食品加工", "清罐作业", "中毒窒息")
    other = lay_course(cast, slug="fire")
    Course.objects.filter(pk=other.pk).update(title="动火作业")
    tag(other, "机械加工", "焊工", "火灾")

    def found(query: str) -> set[str]:
        return {card["course"].slug for card in client.get(f"/courses/?{query}").context["cards"]}

    assert found("industry=食品加工") == found("job=清罐作业") == found("risk=中毒窒息") == {"tanks"}
    assert found("q=动火") == found("industry=机械加工&risk=火灾") == {"fire"}
    assert found("q=三次检测") == {"tanks", "fire"}  # the title of a lesson
    assert found("industry=食品加工&risk=火灾") == set()
    assert "没有同时符合这些条件的课程" in client.get("/courses/?q=没有的词").content.decode()


def test_a_proposed_tag_does_not_count_until_a_person_confirms_it(cast: Cast, client: Client) -> None:
    course = lay_course(cast)
    tag(course, "食品加工", "清罐作业", "中毒窒息")
    CourseTag.objects.update(confirmed=False)
    page = client.get("/courses/?risk=中毒窒息")
    assert page.context["cards"] == []
    assert page.context["filters"][2][2] == []


def test_the_catalogue_takes_as_many_queries_for_20_courses_as_for_2(cast: Cast, client: Client) -> None:
    counts = []
    for wanted in (2, 20):
        for n in range(Course.objects.count(), wanted):
            tag(lay_course(cast, slug=f"c{n}"), "食品加工", "清罐作业", f"风险{n}")
        with CaptureQueriesContext(connection) as caught:
            assert len(client.get("/courses/").context["cards"]) == wanted
        counts.append(len(caught))
    assert counts[0] == counts[1] <= 15


def test_the_course_page_shows_what_one_learns_and_stays_within_15_queries(cast: Cast, sign_in: SignIn) -> None:
    course = lay_course(cast)
    CourseCase.objects.create(
        course=course,
        title="下池救人",
        timeline=[["14:03", "没有检测"]],
        causes=["没有检测"],
        lessons=["先测"],
        cites=["安全生产法:41"],
    )
    handout = CourseDocument.objects.create(course=course, title="检查单", text="# 检查单\n\n<script>x</script>")
    lay_class(cast, course)
    client = sign_in(cast.worker)
    client.get("/courses/tanks/")
    with CaptureQueriesContext(connection) as caught:
        page = client.get("/courses/tanks/")
    assert len(caught) <= 15
    text = page.content.decode()
    for words in ("三次检测", "会测", "下池救人", "《安全生产法》第四十一条", "2026 年度再培训", "开始学"):
        assert words in text
    printed = client.get(f"/courses/tanks/documents/{handout.pk}/").content.decode()
    assert "<h1>检查单</h1>" in printed and "<script>x" not in printed
    lay_course(cast, slug="other")
    assert client.get(f"/courses/other/documents/{handout.pk}/").status_code == 404


def test_one_rates_once_after_learning_and_may_change_it(cast: Cast, sign_in: SignIn) -> None:
    course = lay_course(cast)
    client = sign_in(cast.worker)
    assert client.post("/courses/tanks/rate/", {"score": 5}).status_code == 409
    LessonProgress.objects.create(user=cast.worker, lesson=course.lessons.first(), year=2026, covered_ms=5000)
    for score in (5, 3, 3):
        assert client.post("/courses/tanks/rate/", {"score": score, "words": "实在"}).status_code == 302
    assert list(Rating.objects.values_list("score", "words")) == [(3, "实在")]
    assert "3.0 分，1 人评" in client.get("/courses/tanks/").content.decode()
    for bad in ("", "0", "6", "x"):
        assert client.post("/courses/tanks/rate/", {"score": bad}).status_code == 422
    assert client.get("/courses/tanks/rate/").status_code == 405


def test_rating_needs_a_sign_in(cast: Cast, client: Client) -> None:
    lay_course(cast)
    assert client.post("/courses/tanks/rate/", {"score": 5}).status_code == 302
    assert not Rating.objects.exists()
