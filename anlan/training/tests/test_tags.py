"""Tags: three levels, proposed from words, decided by people; and who needs a course."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from anlan.accounts.models import User
from anlan.operations.demo.cast import Cast
from anlan.training import tagging
from anlan.training.actions.tags import paths, tag_for
from anlan.training.models import Course, CourseTag, Tag
from anlan.training.reach import reach, recommended_courses
from anlan.training.tests.making import make_course

TAGS = [
    (1, ("食品加工", "清罐作业", "中毒窒息")),
    (2, ("建筑施工", "脚手架作业", "高处坠落")),
    (3, ("化工", "危险化学品操作", "泄漏")),
]


def test_the_risk_named_in_the_text_comes_first_with_its_words() -> None:
    found = tagging.propose("清罐怎样防中毒、防窒息", TAGS)
    assert [match.tag_id for match in found] == [1]
    assert {"中毒", "窒息", "清罐"} <= set(found[0].words)


@pytest.mark.parametrize("text", ["", "员工食堂菜谱", "安全作业人员操作"])
def test_common_words_propose_nothing(text: str) -> None:
    assert tagging.propose(text, TAGS) == []


def test_a_path_is_made_once_and_needs_three_levels(cast: Cast) -> None:
    one = tag_for(["食品加工", "清罐作业", "缺氧"])
    assert tag_for([" 食品加工", "清罐作业 ", "缺氧"]) == one
    assert Tag.objects.count() == 3
    assert paths() == [(one.pk, ("食品加工", "清罐作业", "缺氧"))]


def test_proposals_are_confirmed_or_rejected_by_a_teacher(cast: Cast, sign_in: Callable[[User], Client]) -> None:
    for _n, path in TAGS:
        tag_for(path)
    course = make_course(cast, title="清罐：防中毒窒息，防高处坠落")
    client = sign_in(cast.teacher)
    for _twice in range(2):
        assert client.post(reverse("training:desk-tag-propose", args=[course.pk])).status_code == 302
    links = list(course.course_tags.order_by("pk"))
    assert sorted(str(link.tag) for link in links) == ["中毒窒息", "高处坠落"]
    assert not any(link.confirmed for link in links)
    assert "系统提出" in client.get(reverse("training:tags")).content.decode()
    assert (
        sign_in(cast.worker).post(reverse("training:desk-tag", args=[links[0].pk]), {"decision": "confirm"}).status_code
        == 404
    )
    client.post(reverse("training:desk-tag", args=[links[0].pk]), {"decision": "confirm"})
    client.post(reverse("training:desk-tag", args=[links[1].pk]), {"decision": "remove"})
    assert list(CourseTag.objects.values_list("pk", "confirmed")) == [(links[0].pk, True)]


def test_a_tag_of_ones_own_is_added_and_checked(cast: Cast, sign_in: Callable[[User], Client]) -> None:
    course = make_course(cast)
    client = sign_in(cast.teacher)
    url = reverse("training:desk-tag-add", args=[course.pk])
    assert client.post(url, {"industry": "木业", "post": "除尘", "risk": "粉尘爆炸"}).status_code == 302
    assert client.post(url, {"industry": "木业", "post": "", "risk": "粉尘爆炸"}).status_code == 422
    assert course.course_tags.get().tag.level == 3


def test_a_course_reaches_firms_by_industry_and_people_by_job(cast: Cast) -> None:
    course = Course.objects.create(
        owner=cast.school,
        slug="x",
        title="x",
        state="published",
        industries=["C33", "C14", "H61"],
        job_titles=["叉车工"],
    )
    found = reach(course)
    assert found.enterprises == 2
    assert sorted((code, count) for code, _name, count in found.divisions) == [("C14", 1), ("C33", 1)]
    assert {code: name for code, name, _count in found.divisions}["C33"] == "金属制品业"
    assert (found.people, list(found.jobs)) == (1, [("叉车工", 1)])
    assert reach(Course(title="空")).enterprises == 0


def test_a_firm_is_offered_what_fits_with_the_reason(cast: Cast) -> None:
    Course.objects.create(owner=cast.school, slug="fits", title="锻压", state="published", industries=["C33"])
    Course.objects.create(owner=cast.school, slug="draft", title="草稿", state="draft", industries=["C33"])
    Course.objects.create(owner=cast.school, slug="other", title="井下", state="published", industries=["B06"])
    found = recommended_courses(cast.enterprise("forge"))
    assert [proposal.course.slug for proposal in found] == ["fits"]
    assert found[0].reasons
