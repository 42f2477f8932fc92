"""The teacher's desk: what a teacher makes, who may, and what happens when two save at once."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from anlan.accounts.models import Organisation, Post, User
from anlan.audit.models import Record
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.training.models import (
    Course,
    CourseCase,
    CourseDocument,
    Lesson,
    LessonProgress,
    LessonPrompt,
    LessonQuestion,
    Recording,
)
from anlan.training.tests.making import make_course

SignIn = Callable[[User], Client]


@pytest.fixture
def course(cast: Cast) -> Course:
    return make_course(cast)


@pytest.fixture
def client(cast: Cast, sign_in: SignIn) -> Client:
    return sign_in(cast.teacher)


@pytest.fixture
def rival(cast: Cast) -> User:
    """A teacher of another institution."""
    school = Organisation.objects.create(kind="institution", name="别家培训中心", region_code="410105")
    user = User.objects.create_user(name="别家老师", is_demo=True)
    Post.objects.create(user=user, role_id="teacher", organisation=school)
    return user


def words(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined]


def test_a_course_is_created_as_a_draft_of_ones_own_school(cast: Cast, client: Client) -> None:
    answer = client.post(
        reverse("training:desk-course-new"),
        {
            "title": "叉车安全",
            "summary": "会查车",
            "objectives": "会查车\n\n会停车",
            "industries": "C33、g59",
            "job_titles": "叉车工、仓管",
        },
    )
    made = Course.objects.get()
    assert answer.headers["Location"] == reverse("training:desk-course", args=[made.pk])
    assert (made.owner, made.teacher, made.state) == (cast.school, cast.teacher, "draft")
    assert (made.objectives, made.industries, made.job_titles) == (
        ["会查车", "会停车"],
        ["C33", "G59"],
        ["叉车工", "仓管"],
    )
    assert Record.objects.filter(verb="create_course").exists()


def test_an_industry_that_does_not_exist_is_named(client: Client, course: Course) -> None:
    answer = client.post(reverse("training:desk-course-new"), {"title": "a", "industries": "C99"})
    assert answer.status_code == 422
    assert "没有代码为 C99 的行业大类" in words(answer)


def test_whoever_saves_second_keeps_the_words_and_is_told(client: Client, course: Course) -> None:
    url = reverse("training:desk-course-edit", args=[course.pk])
    assert client.post(url, {"title": "第一位写的", "version": 1}).status_code == 302
    answer = client.post(url, {"title": "第二位写的", "version": 1})
    assert answer.status_code == 409
    assert "刚刚被别人改过" in words(answer)
    assert "第二位写的" in words(answer)
    course.refresh_from_db()
    assert (course.title, course.version) == ("第一位写的", 2)


def test_learners_managers_regulators_and_other_schools_find_nothing(
    cast: Cast, sign_in: SignIn, course: Course, rival: User
) -> None:
    lesson = course.lessons.first()
    assert lesson is not None
    pages = [
        reverse("training:desk-course", args=[course.pk]), reverse("training:desk-course-edit", args=[course.pk]),
        reverse("training:desk-lesson", args=[lesson.pk]), reverse("training:desk-lesson-new", args=[course.pk]),
        reverse("training:desk-export", args=[course.pk]),
    ]  # fmt: skip
    for person in (cast.worker, cast.manager, cast.county, cast.operator, rival):
        found = sign_in(person)
        assert [found.get(page).status_code for page in pages] == [404] * len(pages)
        assert found.post(reverse("training:desk-publish", args=[course.pk]), {"version": 1}).status_code == 404
        if person != rival:
            others = ("training:desk", "training:desk-course-new", "training:tags", "training:questions")
            assert [found.get(reverse(name)).status_code for name in others] == [404] * 4
    assert sign_in(rival).get(reverse("training:desk")).status_code == 200
    assert course.title not in words(sign_in(rival).get(reverse("training:desk")))
    assert Client().get(reverse("training:desk")).status_code == 302


def test_a_course_is_published_only_when_everything_plays(client: Client, course: Course) -> None:
    Course.objects.update(state="draft")
    url = reverse("training:desk-publish", args=[course.pk])
    answer = client.post(url, {"version": 1})
    assert answer.status_code == 409
    assert "还没有转码完" in words(answer)
    Lesson.objects.update(media_dir="lessons/x")
    assert client.get(url).status_code == 405
    assert client.post(url, {"version": 1}).status_code == 302
    assert client.post(url, {"version": 1}).status_code == 409
    course.refresh_from_db()
    assert (course.state, course.version) == ("published", 2)
    assert client.post(reverse("training:desk-withdraw", args=[course.pk]), {"version": 2}).status_code == 302
    course.refresh_from_db()
    assert course.state == "withdrawn"
    assert list(Record.objects.filter(verb__endswith="_course").order_by("pk").values_list("verb", flat=True)) == [
        "publish_course", "withdraw_course",
    ]  # fmt: skip


def test_lessons_move_by_buttons_and_by_drag(client: Client, course: Course) -> None:
    first, second = course.lessons.all()
    url = reverse("training:desk-order", args=[course.pk])
    assert client.post(url, {"version": 1, "move": f"{second.pk}:up"}).status_code == 302
    assert list(course.lessons.all()) == [second, first]
    dragged = client.post(url, {"version": 2, "lesson": [first.pk, second.pk]}, headers={"X-Requested-With": "fetch"})
    assert words(dragged) == "3"
    assert list(course.lessons.all()) == [first, second]
    stale = client.post(url, {"version": 2, "lesson": [second.pk, first.pk]})
    assert stale.status_code == 409
    assert client.post(url, {"version": 3, "lesson": [first.pk]}).status_code == 409
    assert list(course.lessons.all()) == [first, second]


def test_a_document_lesson_needs_text_or_a_pdf_and_is_served_to_its_teachers(
    client: Client, course: Course, sign_in: SignIn, rival: User
) -> None:
    url = reverse("training:desk-lesson-new", args=[course.pk])
    assert "至少要有一样" in words(client.post(url, {"title": "检查单"}))
    pdf = SimpleUploadedFile("检查单.pdf", b"%PDF-1.7\n%test", content_type="application/pdf")
    assert client.post(url, {"title": "检查单", "text": "# 一页", "file": pdf}).status_code == 302
    lesson = course.lessons.get(kind="document")
    assert lesson.position == 2
    served = client.get(reverse("training:desk-lesson-file", args=[lesson.pk]))
    assert b"".join(served.streaming_content)[:5] == b"%PDF-"  # type: ignore[attr-defined]
    assert sign_in(rival).get(reverse("training:desk-lesson-file", args=[lesson.pk])).status_code == 404
    fake = SimpleUploadedFile("假.pdf", b"MZ\x00\x00program", content_type="application/pdf")
    answer = client.post(url, {"title": "假的", "file": fake})
    assert answer.status_code == 422
    assert "不是可以接收的类型" in words(answer)


def test_markdown_is_previewed_without_its_html(client: Client, sign_in: SignIn, cast: Cast) -> None:
    url = reverse("training:desk-preview")
    shown = words(client.post(url, {"text": "# 三步\n<script>alert(1)</script>"}))
    assert "<h1>三步</h1>" in shown
    assert "<script>" not in shown
    assert sign_in(cast.worker).post(url, {"text": "a"}).status_code == 404


def test_subtitles_are_replaced_by_a_file(client: Client, course: Course) -> None:
    lesson = course.lessons.first()
    assert lesson is not None
    url = reverse("training:desk-lesson", args=[lesson.pk])
    srt = SimpleUploadedFile("a.srt", "1\n00:00:01,000 --> 00:00:02,000\n小心\n".encode())
    assert client.post(url, {"title": "新标题", "version": 1, "vtt": srt}).status_code == 302
    lesson.refresh_from_db()
    assert (lesson.title, lesson.subtitles) == ("新标题", [[1000, 2000, "小心"]])
    broken = SimpleUploadedFile("a.srt", b"nothing")
    assert "没有读到字幕" in words(client.post(url, {"title": "x", "version": 2, "vtt": broken}))
    assert "刚刚被别人改过" in words(client.post(url, {"title": "x", "version": 1}))


def test_prompts_are_changed_in_place_added_and_removed(client: Client, course: Course) -> None:
    lesson = course.lessons.first()
    assert lesson is not None
    old = LessonPrompt.objects.create(lesson=lesson, at_ms=1000, stem="旧题", options=["a", "b"], answer=0)
    gone = LessonPrompt.objects.create(lesson=lesson, at_ms=2000, stem="删掉", options=["a", "b"], answer=0)
    url = reverse("training:desk-prompts", args=[lesson.pk])
    row = {
        "row": ["1", "2", "3"],
        "id-1": old.pk,
        "stem-1": "改过的题",
        "options-1": "对\n错",
        "answer-1": 2,
        "minute-1": 1,
        "second-1": 5,
    }
    new = {
        "id-3": 0,
        "stem-3": "新题",
        "options-3": "一\n二\n三",
        "answer-3": 3,
        "minute-3": 2,
        "second-3": 0,
        "why-3": "因为",
    }
    blank = {"id-2": gone.pk, "stem-2": "", "options-2": ""}
    assert client.post(url, {**row, **new, **blank, "version": 1}).status_code == 302
    assert next(iter(lesson.prompts.values_list("pk", "stem", "at_ms", "answer"))) == (old.pk, "改过的题", 65_000, 1)
    assert lesson.prompts.get(stem="新题").why == "因为"
    assert not lesson.prompts.filter(pk=gone.pk).exists()
    bad = client.post(url, {**row, "answer-1": 3, "version": 2})
    assert bad.status_code == 422
    assert "正确答案" in words(bad)
    assert client.post(url, {**row, "minute-1": 14, "version": 2}).status_code == 422
    assert client.post(url, {**row, "version": 1}).status_code == 409
    assert "对\n错" in words(client.get(reverse("training:desk-lesson", args=[lesson.pk])))


def test_what_has_been_learnt_cannot_be_removed(cast: Cast, client: Client, course: Course) -> None:
    first, second = course.lessons.all()
    LessonProgress.objects.create(user=cast.worker, lesson=first, year=2026)
    answer = client.post(reverse("training:desk-lesson-remove", args=[first.pk]), {"version": 1})
    assert answer.status_code == 409
    assert "学时要有据可查" in words(answer)
    assert client.post(reverse("training:desk-lesson-remove", args=[second.pk]), {"version": 1}).status_code == 302
    assert list(course.lessons.all()) == [first]


def test_cases_and_handouts_are_added_changed_and_removed(client: Client, course: Course) -> None:
    add = reverse("training:desk-case-new", args=[course.pk])
    fields = {
        "title": "下池（示例）",
        "timeline": "14:03 未检测就下池\n14:09　第一人晕倒",
        "causes": "没测",
        "cites": "安全生产法：41",
    }
    assert client.post(add, fields).status_code == 302
    case = CourseCase.objects.get()
    assert (case.timeline, case.cites) == ([["14:03", "未检测就下池"], ["14:09", "第一人晕倒"]], ["安全生产法:41"])
    assert "14:03 未检测就下池" in words(client.get(reverse("training:desk-case", args=[course.pk, case.pk])))
    assert client.post(add, {**fields, "timeline": "14:03"}).status_code == 422
    assert client.post(add, {**fields, "cites": "安全生产法:四十一条"}).status_code == 422
    assert (
        client.post(
            reverse("training:desk-handout-new", args=[course.pk]), {"title": "卡", "text": "# 三步"}
        ).status_code
        == 302
    )
    handout = CourseDocument.objects.get()
    for kind, part in (("case", case), ("handout", handout)):
        assert client.post(reverse("training:desk-part-remove", args=[course.pk, kind, part.pk])).status_code == 302
    assert not CourseCase.objects.exists()
    assert not CourseDocument.objects.exists()


def test_an_answer_reaches_whoever_asked_once(
    cast: Cast, client: Client, course: Course, sign_in: SignIn, rival: User
) -> None:
    question = LessonQuestion.objects.create(user=cast.worker, lesson=course.lessons.all()[0], text="腌菜池算不算？")
    url = reverse("training:questions")
    assert "腌菜池算不算？" in words(client.get(url))
    assert "腌菜池算不算？" not in words(sign_in(rival).get(url))
    assert sign_in(rival).post(url, {"question": question.pk, "answer": "算"}).status_code == 404
    assert client.post(url, {"question": question.pk, "answer": " "}).status_code == 422
    for _twice in range(2):
        assert client.post(url, {"question": question.pk, "answer": "算，照有限空间管。"}).status_code == 302
    question.refresh_from_db()
    assert (question.answer, question.answered_by) == ("算，照有限空间管。", cast.teacher)
    assert Notice.objects.get(user=cast.worker, kind="question_answered").text == "算，照有限空间管。"
    assert "腌菜池算不算？" in words(client.get(url, {"show": "answered"}))


def test_the_operator_sees_the_queue_and_retries(cast: Cast, sign_in: SignIn, course: Course) -> None:
    Recording.objects.create(
        course=course, title="坏的", state="failed", problem="磁盘满了", script=[{"title": "a", "slides": []}]
    )
    operator = sign_in(cast.operator)
    page = words(operator.get(reverse("training:media-queue"), {"state": "failed"}))
    assert "磁盘满了" in page
    failed = Recording.objects.get()
    assert operator.post(reverse("training:desk-retry", args=[failed.pk]), {"next": "queue"}).status_code == 302
    failed.refresh_from_db()
    assert failed.state == "queued"
    assert operator.post(reverse("training:desk-retry", args=[failed.pk])).status_code == 409
    for person in (cast.teacher, cast.worker, cast.county):
        assert sign_in(person).get(reverse("training:media-queue")).status_code == 404


def test_cut_points_refused_are_shown_as_they_were_written(cast: Cast, client: Client, course: Course) -> None:
    from anlan.files.models import Blob

    blob = Blob.objects.create(name="a", media_type="video/mp4", size=1, sha256="", path="x", owner_kind="t")
    recording = Recording.objects.create(
        course=course, title="长课", state="cutting", duration_ms=1_200_000, source=blob, silences=[[590_000, 610_000]]
    )
    page = words(client.get(reverse("training:desk-recording", args=[recording.pk])))
    assert 'value="10"' in page
    url = reverse("training:desk-cuts", args=[recording.pk])
    rows = {"version": 1, "minute": ["0", "16"], "second": ["0", "0"], "cut_title": ["前半", "后半"]}
    refused = client.post(url, rows)
    assert refused.status_code == 422
    assert "第 1 节长 16 分 00 秒" in words(refused)
    assert 'value="后半"' in words(refused)
    assert client.post(url, {**rows, "minute": ["0", "十"]}).status_code == 422
    rows = {**rows, "minute": ["0", "10", ""], "second": ["0", "0.5", ""], "cut_title": ["前半", "后半", ""]}
    assert client.post(url, rows).status_code == 302
    assert list(recording.lessons.values_list("title", "start_ms", "position")) == [
        ("前半", 0, 2),
        ("后半", 600_500, 3),
    ]
    assert client.post(url, rows).status_code == 409


@pytest.mark.parametrize(
    "name", ["training:desk", "training:desk-course", "training:questions", "training:media-queue", "training:tags"]
)
def test_as_many_queries_for_2_rows_as_for_20(
    cast: Cast, sign_in: SignIn, course: Course, name: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = sign_in(cast.operator if name == "training:media-queue" else cast.teacher)
    url = reverse(name, args=[course.pk] if name == "training:desk-course" else [])

    def fill(n: int) -> None:
        for i in range(n):
            number = Course.objects.count()
            other = make_course(cast, slug=f"c{number}")
            recording = Recording.objects.create(course=course, title=f"r{number}", state="cutting")
            Lesson.objects.create(course=course, position=number + 5, title=f"{i}", recording=recording)
            LessonQuestion.objects.create(user=cast.worker, lesson=other.lessons.all()[0], text="?")
            CourseCase.objects.create(course=course, title="c")

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    fill(2)
    count()
    few = count()
    fill(18)
    assert count() == few
