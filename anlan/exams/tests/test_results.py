"""Result, transcript and appeals."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.test import Client
from pypdf import PdfReader

from anlan.accounts.models import User
from anlan.exams.actions.appeals import answer_appeal, make_appeal
from anlan.exams.actions.sittings import start_sitting, submit_sitting
from anlan.exams.advice import lesson_for, mastery
from anlan.exams.due import due_for
from anlan.exams.models import Appeal, Exam, ItemStat, Sitting
from anlan.exams.stock import forget
from anlan.exams.tasks import count_items, discrimination
from anlan.exams.tests.conftest import arrive, right_answers
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.training.models import Lesson

SignIn = Callable[[User], Client]


def sat(exam: Exam, person: User, *, right: int = 10) -> Sitting:
    """A sitting handed in with the first `right` questions right."""
    sitting = start_sitting(exam, by=person)
    arrive(sitting, {n: value for n, value in right_answers(sitting).items() if n <= right})
    return submit_sitting(sitting, by=person)


def test_a_failed_result_says_what_to_learn_and_shows_every_reason(
    cast: Cast, final: Exam, course: object, sign_in: SignIn
) -> None:
    Lesson.objects.create(course=final.course, position=1, title="讲讲知识点0")
    sitting = sat(final, cast.worker, right=3)
    page = sign_in(cast.worker).get(f"/sittings/{sitting.uid}/result/").text
    assert "这次没有通过" in page
    assert "还有 2 次机会" in page
    assert "接下来学这些" in page
    assert "讲讲知识点0" in page
    everything = sign_in(cast.worker).get(f"/sittings/{sitting.uid}/result/?all=1").text
    assert "秘密理由" in everything
    assert "《安全生产法》第二十八条" in everything


def test_questions_drawn_for_one_candidate_show_nothing_of_another(cast: Cast, mock: Exam, sign_in: SignIn) -> None:
    """The unchanging part of a reviewed question is kept in memory: what differs must come from each sitting."""
    first, second = sat(mock, cast.worker, right=3), sat(mock, cast.other_worker, right=8)
    pages = {}
    for turn in ("cold", "warm"):
        if turn == "cold":
            forget()
        for sitting, who in ((first, cast.worker), (second, cast.other_worker)):
            page = sign_in(who).get(f"/sittings/{sitting.uid}/result/?all=1").text
            found = page[page.index('id="questions"') : page.index("<aside")].split("csrfmiddlewaretoken")[0]
            assert pages.setdefault(sitting.pk, found) == found
    assert pages[first.pk].count("没答") == 7 and pages[second.pk].count("没答") == 2
    client = sign_in(cast.worker)
    client.cookies["django_language"] = "en"
    assert client.get(f"/sittings/{first.uid}/result/?all=1").text.count("没答") == 0


def test_a_passed_result_leads_to_the_certificate(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    sitting = sat(final, cast.worker)
    page = sign_in(cast.worker).get(f"/sittings/{sitting.uid}/result/").text
    assert "通过了" in page
    assert "看我的证书" in page
    assert "再考一次" not in page


def test_who_may_read_a_result(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    sitting = sat(final, cast.worker)
    for who, status in {"worker": 200, "manager": 200, "boss": 200, "teacher": 200, "county": 200, "province": 200, "grid": 200,
                        "other_worker": 404, "other_boss": 404, "other_county": 404, "other_city": 404, "operator": 404}.items():  # fmt: skip
        client = sign_in(getattr(cast, who))
        assert client.get(f"/sittings/{sitting.uid}/result/").status_code == status, who
        assert client.get(f"/sittings/{sitting.uid}/transcript/").status_code == status, who


def test_the_transcript_is_a_pdf_with_name_score_and_points(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    sitting = sat(final, cast.worker, right=6)
    answer = sign_in(cast.worker).get(f"/sittings/{sitting.uid}/transcript/")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    for words in ("成绩单", "李国强", "没有通过", "知识点1", sitting.ticket):
        assert words in text.replace(" ", "") or words in text


def test_a_post_test_stands_beside_the_pre_test(cast: Cast, open_for: Callable[..., Exam], sign_in: SignIn) -> None:
    sat(open_for(kind="pre"), cast.worker, right=2)
    post = open_for(kind="post")
    sitting = sat(post, cast.worker)
    assert "训后 100%" in sign_in(cast.worker).get(f"/sittings/{sitting.uid}/result/").text
    assert "训前到训后" in sign_in(cast.manager).get(f"/exams/{post.pk}/").text


def test_an_appeal_goes_to_the_teacher_and_its_answer_comes_back(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    sitting = sat(final, cast.worker, right=2)
    client = sign_in(cast.worker)
    for _ in range(2):
        client.post(f"/sittings/{sitting.uid}/appeal/", {"number": "3", "text": "第 3 题有两个对的"})
    appeal = Appeal.objects.get()
    teacher = sign_in(cast.teacher)
    assert "第 3 题有两个对的" in teacher.get("/exams/appeals/").text
    assert any("申诉" in str(due.title) for due in due_for(cast.teacher))
    assert teacher.post(f"/exams/appeals/{appeal.pk}/", {"answer": "看过了，只有一个对。"}).status_code == 302
    assert teacher.post(f"/exams/appeals/{appeal.pk}/", {"answer": "再答一次"}).status_code == 409
    assert "看过了，只有一个对。" in client.get(f"/sittings/{sitting.uid}/result/").text
    assert Notice.objects.filter(user=cast.worker, key=f"appeal-answer:{appeal.pk}").exists()


def test_appeals_of_others_or_without_words_are_refused(cast: Cast, final: Exam, sign_in: SignIn) -> None:
    sitting = sat(final, cast.worker, right=2)
    for person, text, number, status in (
        (cast.manager, "x", None, 404),
        (cast.worker, "  ", None, 422),
        (cast.worker, "x", 99, 422),
    ):
        with pytest.raises(Refused) as refused:
            make_appeal(sitting, text, number=number, by=person)
        assert refused.value.status == status
    appeal = make_appeal(sitting, "请再看", number=None, by=cast.worker)
    for who in ("other_boss", "other_county"):
        assert sign_in(getattr(cast, who)).post(f"/exams/appeals/{appeal.pk}/", {"answer": "x"}).status_code == 404
    with pytest.raises(Refused) as refused:
        answer_appeal(appeal, "x", by=cast.county)
    assert refused.value.status == 403


def test_questions_are_counted_from_scored_sittings(cast: Cast, mock: Exam) -> None:
    people = [User.objects.create_user(name=f"练{n}") for n in range(12)]
    for n, person in enumerate(people):
        sat(mock, person, right=10 if n >= 6 else 2)
    assert count_items() > 0
    drawn = sum(ItemStat.objects.values_list("drawn", flat=True))
    assert drawn == 12 * 10
    assert count_items() == ItemStat.objects.count()
    assert sum(ItemStat.objects.values_list("drawn", flat=True)) == drawn


def test_discrimination_compares_the_best_with_the_last() -> None:
    assert discrimination([(n / 20, n >= 10) for n in range(20)]) == 1.0
    assert discrimination([(n / 20, n < 10) for n in range(20)]) == -1.0
    assert discrimination([(0.5, True)] * 9) is None


def test_mastery_puts_the_weakest_first_and_finds_the_lesson() -> None:
    points = mastery({"points": {"救援": [100, 1000, 1, 5], "检测": [950, 1000, 4, 5]}})
    assert [(one.point, one.level, one.weak) for one in points] == [("救援", 0, True), ("检测", 4, False)]
    assert lesson_for("应急救援", [(1, "通风与检测"), (2, "出事了怎么救援")]) == 2
    assert lesson_for("应急救援", [(1, "通风")]) is None
