"""Delivery, acceptance, rating: in this order only, and without those who have an interest on both sides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import Post, User
from anlan.agencies.actions import (
    accept_service,
    answer_rating,
    assign_service,
    deliver_service,
    dispute_service,
    rate_service,
)
from anlan.agencies.models import Agency, Contract, Engineer, Rating, Service
from anlan.agencies.tests.conftest import PDF, pdf
from anlan.enterprises.models import Worker
from anlan.lib.errors import Refused
from anlan.operations.demo.cast import Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
GOOD = {"skill": 5, "timeliness": 4, "effect": 3}


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code


def test_rating_waits_for_delivery_and_acceptance(cast: Cast, signed: Contract, delivered: Service) -> None:
    assert code_of(lambda: rate_service(delivered, by=cast.manager, **GOOD)) == "not_delivered"
    accept_service(delivered, by=cast.manager)
    rating = rate_service(delivered, by=cast.manager, **GOOD)
    assert rating.mean == 4
    agency = Agency.objects.get(pk=delivered.agency_id)
    assert (agency.ratings, agency.score) == (1, round((4 + 3.5 * 5) / 6, 2))


def test_a_service_that_was_never_delivered_cannot_be_rated_or_accepted(cast: Cast, signed: Contract) -> None:
    service = signed.services.get()
    assert code_of(lambda: rate_service(service, by=cast.manager, **GOOD)) == "not_delivered"
    assert code_of(lambda: accept_service(service, by=cast.manager)) == "changed_meanwhile"


def test_a_rating_is_given_once_and_changed_for_seven_days(cast: Cast, delivered: Service) -> None:
    accept_service(delivered, by=cast.manager)
    rate_service(delivered, by=cast.manager, **GOOD)
    rate_service(delivered, by=cast.manager, **{**GOOD, "effect": 5})
    assert Rating.objects.get().effect == 5
    Rating.objects.update(at=timezone.now() - timedelta(days=8))
    assert code_of(lambda: rate_service(delivered, by=cast.manager, **GOOD)) == "rating_fixed"
    assert Rating.objects.get().effect == 5


def test_acceptance_twice_is_refused(cast: Cast, delivered: Service) -> None:
    twin = Service.objects.get(pk=delivered.pk)
    accept_service(delivered, by=cast.manager)
    assert code_of(lambda: accept_service(twin, by=cast.boss)) == "changed_meanwhile"


def test_an_objection_sends_it_back_and_can_be_rated(cast: Cast, delivered: Service) -> None:
    assert code_of(lambda: dispute_service(delivered, by=cast.manager, because="")) == "no_words"
    dispute_service(delivered, by=cast.manager, because="报告缺签名")
    assert delivered.can_be_rated
    deliver_service(delivered, by=cast.engineer, summary="补签了", report=None)
    assert (delivered.state, delivered.report is not None) == ("delivered", True)


def test_delivery_needs_words_a_report_and_an_engineer(cast: Cast, signed: Contract, verified: Engineer) -> None:
    service = signed.services.get()
    assert code_of(lambda: deliver_service(service, by=cast.agency, summary="a", report=pdf())) == "no_engineer"
    assign_service(service, verified, by=cast.agency)
    assert code_of(lambda: deliver_service(service, by=cast.agency, summary=" ", report=pdf())) == "no_summary"
    assert code_of(lambda: deliver_service(service, by=cast.agency, summary="a", report=None)) == "no_report"


def test_an_expired_or_unverified_engineer_is_not_sent(cast: Cast, signed: Contract, verified: Engineer) -> None:
    service = signed.services.get()
    verified.valid_until = timezone.localdate() - timedelta(days=1)
    assert code_of(lambda: assign_service(service, verified, by=cast.agency)) == "engineer_expired"
    verified.valid_until = timezone.localdate()
    verified.state = "submitted"
    assert code_of(lambda: assign_service(service, verified, by=cast.agency)) == "engineer_not_verified"


def test_an_engineer_that_expires_after_being_sent_cannot_deliver(
    cast: Cast, signed: Contract, verified: Engineer
) -> None:
    service = signed.services.get()
    assign_service(service, verified, by=cast.agency)
    Engineer.objects.update(valid_until=timezone.localdate() - timedelta(days=1))
    service = Service.objects.get(pk=service.pk)
    assert code_of(lambda: deliver_service(service, by=cast.agency, summary="a", report=pdf())) == "engineer_expired"


def test_an_engineer_who_works_for_the_firm_may_not_serve_it(cast: Cast, signed: Contract, verified: Engineer) -> None:
    Worker.objects.create(enterprise=cast.enterprise("forge"), user=cast.engineer)
    assert code_of(lambda: assign_service(signed.services.get(), verified, by=cast.agency)) == "conflict_of_interest"


def test_a_firm_whose_manager_works_for_the_agency_may_not_rate_it(cast: Cast, delivered: Service) -> None:
    accept_service(delivered, by=cast.manager)
    post = Post.objects.create(user=cast.boss, role_id="agency_staff", organisation=cast.anhe)
    assert code_of(lambda: rate_service(delivered, by=cast.manager, **GOOD)) == "conflict_of_interest"
    Post.objects.filter(pk=post.pk).update(until=timezone.localdate())
    rate_service(delivered, by=cast.manager, **GOOD)


def test_another_agencys_engineer_is_not_found(cast: Cast, signed: Contract) -> None:
    stranger = Engineer.objects.create(
        agency=Agency.objects.get(pk=cast.huaan.pk), name="卢宁", number="411801", state="verified",
        valid_until=timezone.localdate(),
    )  # fmt: skip
    assert code_of(lambda: assign_service(signed.services.get(), stranger, by=cast.agency)) == "not_found"


def test_the_agency_answers_a_rating_once(cast: Cast, delivered: Service) -> None:
    accept_service(delivered, by=cast.manager)
    rating = rate_service(delivered, by=cast.manager, **GOOD)
    assert code_of(lambda: answer_rating(rating, by=cast.manager, answer="x")) == "no_power"
    answer_rating(rating, by=cast.agency, answer="谢谢")
    assert code_of(lambda: answer_rating(rating, by=cast.agency, answer="再说")) == "answered_already"


def test_the_whole_way_through_the_pages(cast: Cast, sign_in: SignIn, signed: Contract, verified: Engineer) -> None:
    service = signed.services.get()
    agency, firm = sign_in(cast.agency), sign_in(cast.manager)

    def step(client: Client, name: str, **values: object) -> int:
        return client.post(reverse("agencies:service-step", args=[service.pk, name]), values).status_code

    assert step(agency, "assign", engineer=verified.pk) == 302
    assert step(agency, "start") == 302
    assert step(agency, "deliver", summary="") == 422
    script = SimpleUploadedFile("a.pdf", b"<script>alert(1)</script>")
    assert step(agency, "deliver", summary="查了", report=script) == 422
    assert step(agency, "deliver", summary="查了", report=SimpleUploadedFile("a.pdf", PDF)) == 302
    assert step(firm, "rate", **GOOD) == 422
    assert step(firm, "accept") == 302
    assert step(firm, "rate", skill=9, timeliness=1, effect=1) == 422
    assert step(firm, "rate", **GOOD) == 302
    assert step(agency, "rate", **GOOD) == 403
    report = reverse("agencies:service-report", args=[service.pk])
    assert firm.get(report).status_code == 200
    assert sign_in(cast.other_agency).get(report).status_code == 404
    assert "3 次" not in firm.get(reverse("agencies:detail", args=[cast.anhe.pk])).content.decode()
    assert firm.get(reverse("agencies:service", args=[service.pk])).status_code == 200
    assert step(sign_in(cast.other_boss), "accept") == 404
