"""Who is proposed for a training and why; choosing, agreeing, declining."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import Organisation, User
from anlan.agencies.actions import agree_training, ask_training, choose_institution, decline_training, finish_training
from anlan.agencies.matching import Candidate, Wanted, propose
from anlan.agencies.models import Provider, TrainingRequest
from anlan.lib.errors import Refused
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]
HERE = (34.83, 113.72)
WANTED = Wanted("annual", "全员年度再培训", "C2110", "木制家具", 30, HERE)


def school(n: int, **values: Any) -> Candidate:
    base: dict[str, Any] = {
        "id": n, "name": f"学校{n}", "topics": ("annual",), "industries": (), "capacity": 60, "least": 1, "at": HERE, "on_site": False,
        "taught_trade": 0, "taught_all": 0,
    }  # fmt: skip
    return Candidate(**{**base, **values})


def test_the_reasons_are_those_of_the_records() -> None:
    near = (HERE[0] + 3.2 / 111.19, HERE[1])
    (found,) = propose(WANTED, [school(1, at=near, industries=("C21",), taught_trade=12)])
    assert found.reasons == [
        "距离 3.2 公里",
        "有 60 人教室，30 人一次坐得下",
        "可以做“全员年度再培训”",
        "擅长木制家具",
        "教过 12 家木制家具企业",
    ]
    assert found.cautions == []


@pytest.mark.parametrize("values", [{"topics": ("drill",)}, {"capacity": 0}, {"capacity": 9}, {"least": 31}])
def test_who_cannot_take_it_is_not_proposed(values: dict[str, Any]) -> None:
    assert propose(WANTED, [school(1, **values)]) == []


def test_near_and_known_comes_before_far_and_unknown() -> None:
    far = school(1, at=(HERE[0] + 0.5, HERE[1]))
    knows = school(2, at=(HERE[0] + 0.5, HERE[1]), industries=("C21",))
    near = school(3)
    assert [row.id for row in propose(WANTED, [far, knows, near])] == [3, 2, 1]


def test_a_small_room_means_turns_and_says_so() -> None:
    (found,) = propose(WANTED, [school(1, capacity=15)])
    assert "最大教室 15 人，要分 2 期" in found.cautions


def test_without_a_place_there_is_no_distance_but_a_proposal() -> None:
    (found,) = propose(WANTED, [school(1, at=None)])
    assert found.km is None


def lay(cast: Cast) -> Organisation:
    """The cast's school and one more."""
    other = Organisation.objects.create(kind="institution", name="另一所学校", region_code="410105", is_demo=True)
    for organisation in (cast.school, other):
        Provider.objects.update_or_create(
            organisation=organisation,
            defaults={"topics": ["annual"], "capacity": 50, "latitude": 34.8, "longitude": 113.7, "is_open": True},
        )
    return other


def ask(cast: Cast) -> TrainingRequest:
    today = timezone.localdate()
    return ask_training(
        cast.enterprise("forge"),
        by=cast.manager,
        topic="annual",
        people=20,
        wanted_from=today,
        wanted_until=today + timedelta(days=30),
    )


@pytest.mark.django_db
def test_choose_decline_choose_again_agree_and_teach(cast: Cast) -> None:
    other = lay(cast)
    asked = ask(cast)
    assert {row["id"] for row in asked.proposals} == {cast.school.pk, other.pk}
    with pytest.raises(Refused):
        choose_institution(asked, cast.forge.pk, by=cast.manager)
    choose_institution(asked, cast.school.pk, by=cast.manager)
    decline_training(asked, by=cast.teacher, because="那几天满了")
    assert (asked.state, [row["id"] for row in asked.proposals]) == ("open", [other.pk])
    choose_institution(asked, other.pk, by=cast.manager)
    with pytest.raises(Refused):
        agree_training(asked, by=cast.teacher, agreed_on=timezone.localdate())
    TrainingRequest.objects.filter(pk=asked.pk).update(institution=cast.school)
    asked.refresh_from_db()
    agree_training(asked, by=cast.teacher, agreed_on=timezone.localdate())
    finish_training(asked, by=cast.teacher)
    again = ask_training(
        cast.enterprise("bakery"),
        by=cast.other_boss,
        topic="annual",
        people=5,
        wanted_from=timezone.localdate(),
        wanted_until=timezone.localdate(),
    )
    reasons = {row["id"]: row["reasons"] for row in again.proposals}
    assert any("接过 1 家" in words for words in reasons[cast.school.pk])


@pytest.mark.django_db
def test_the_same_training_is_asked_once(cast: Cast) -> None:
    lay(cast)
    ask(cast)
    with pytest.raises(Refused) as refused:
        ask(cast)
    assert refused.value.code == "asked_already"


@pytest.mark.django_db
def test_pages_of_firm_and_institution(cast: Cast, sign_in: SignIn) -> None:
    lay(cast)
    today = timezone.localdate()
    client = sign_in(cast.manager)
    values = {"topic": "annual", "people": "20", "wanted_from": today, "wanted_until": today - timedelta(days=1)}
    assert client.post(reverse("agencies:training-new"), values).status_code == 422
    assert client.post(reverse("agencies:training-new"), {**values, "wanted_until": today}).status_code == 302
    asked = TrainingRequest.objects.get()
    url = reverse("agencies:training", args=[asked.pk])
    assert "距离" in client.get(url).content.decode()
    assert sign_in(cast.teacher).get(url).status_code == 404
    step = reverse("agencies:training-step", args=[asked.pk, "choose"])
    assert client.post(step, {"institution": "x"}).status_code == 422
    assert client.post(step, {"institution": cast.school.pk}).status_code == 302
    assert sign_in(cast.teacher).get(url).status_code == 200
    assert sign_in(cast.teacher).get(reverse("agencies:training-desk")).status_code == 200
    assert sign_in(cast.other_boss).get(url).status_code == 404
    past = {"agreed_on": today - timedelta(days=1)}
    assert (
        sign_in(cast.teacher).post(reverse("agencies:training-step", args=[asked.pk, "agree"]), past).status_code == 422
    )


@pytest.mark.django_db
def test_an_unknown_industry_is_refused_in_the_profile(cast: Cast, sign_in: SignIn) -> None:
    values = {"topics": ["annual"], "industries": "C33，XX", "capacity": 10, "least": 1}
    response = sign_in(cast.teacher).post(reverse("agencies:provider"), values)
    assert (response.status_code, "XX" in response.content.decode()) == (422, True)
    assert (
        sign_in(cast.teacher).post(reverse("agencies:provider"), {**values, "industries": "C33，F"}).status_code == 302
    )
    assert Provider.objects.get(pk=cast.school.pk).industries == ["C33", "F"]
