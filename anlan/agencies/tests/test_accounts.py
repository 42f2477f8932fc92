"""The county opens, reviews, suspends, resumes and, with a second person, closes an agency's account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.actions import decide_approval
from anlan.accounts.models import Approval, Post, User
from anlan.agencies.actions import (
    accept_service,
    apply_agency,
    approve_agency,
    ask_close_agency,
    ask_service,
    close_engineer,
    refuse_agency,
    resume_agency,
    submit_engineer,
    suspend_agency,
    suspend_engineer,
    verify_engineer,
)
from anlan.agencies.models import Agency, Contract, Engineer, Service
from anlan.agencies.tests.conftest import PDF, pdf
from anlan.audit.models import Record
from anlan.enterprises.models import Enterprise
from anlan.lib.codes import demo_credit_code, demo_phone
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NEW = {
    "name": "新安安全技术服务有限公司（演示）",
    "credit_code": demo_credit_code("410105", 990),
    "region_code": "410105",
}


@pytest.fixture(autouse=True)
def _demo(settings: object) -> None:
    settings.ANLAN_DEMO = True  # type: ignore[attr-defined]


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code


def test_the_county_opens_an_account_and_its_head_may_work(cast: Cast, sign_in: SignIn) -> None:
    phone = demo_phone(950)
    values = {**NEW, "kinds": ["risk"], "admin_name": "蔡明", "admin_phone": phone}
    response = sign_in(cast.county).post(reverse("agencies:account-new"), values)
    agency = Agency.objects.get(organisation__credit_code=NEW["credit_code"])
    assert (response.status_code, agency.state) == (302, "active")
    head = User.objects.by_phone(phone)
    assert head is not None
    assert sign_in(head).get(reverse("agencies:mine")).status_code == 200
    assert Record.objects.filter(verb="open_agency", actor_id=cast.county.pk).exists()
    again = sign_in(cast.county).post(reverse("agencies:account-new"), values)
    assert again.status_code == 422
    assert Agency.objects.filter(organisation__name=NEW["name"]).count() == 1


def test_a_wrong_name_for_a_known_phone_opens_nothing(cast: Cast, sign_in: SignIn) -> None:
    values = {**NEW, "kinds": ["risk"], "admin_name": "别人", "admin_phone": cast.worker.phone}
    assert sign_in(cast.county).post(reverse("agencies:account-new"), values).status_code == 422
    assert not Agency.objects.filter(organisation__name=NEW["name"]).exists()


def test_a_person_applies_and_the_county_decides(cast: Cast) -> None:
    agency = apply_agency(by=cast.other_worker, kinds=["risk"], **NEW)
    assert Notice.objects.filter(user=cast.county, url=reverse("agencies:account", args=[agency.pk])).exists()
    assert code_of(lambda: apply_agency(by=cast.other_worker, kinds=["risk"], **NEW)) == "applied_already"
    assert code_of(lambda: approve_agency(agency, by=cast.other_county)) == "not_found"
    assert code_of(lambda: refuse_agency(agency, by=cast.county, because="")) == "no_words"
    refuse_agency(agency, by=cast.county, because="营业执照看不清")
    assert code_of(lambda: approve_agency(agency, by=cast.county)) == "changed_meanwhile"
    again = apply_agency(by=cast.other_worker, kinds=["risk"], **NEW)
    assert again.pk == agency.pk
    approve_agency(again, by=cast.county)
    assert (
        Post.objects.open().filter(user=cast.other_worker, role_id="agency_admin", organisation_id=agency.pk).exists()
    )


def test_the_code_of_another_organisation_is_not_taken_over(cast: Cast) -> None:
    values = {**NEW, "credit_code": cast.forge.credit_code}
    assert code_of(lambda: apply_agency(by=cast.other_worker, kinds=["risk"], **values)) == "code_taken"


def test_a_suspended_agency_sees_nothing_and_does_nothing(
    cast: Cast, sign_in: SignIn, delivered: Service, anhe: Agency
) -> None:
    suspend_agency(anhe, by=cast.county, because="复查造假")
    for user in (cast.agency, cast.engineer):
        assert not Enterprise.objects.visible_to(fresh(user)).filter(pk=cast.forge.pk).exists()
        assert not Service.objects.visible_to(fresh(user)).exists()
        assert fresh(user).open_posts == []
    assert sign_in(fresh(cast.agency)).get(reverse("agencies:services")).status_code == 403
    assert code_of(
        lambda: ask_service(anhe, cast.enterprise("forge"), by=cast.manager, kinds=["risk"], words="", wanted_by=timezone.localdate())
    ) == "agency_not_active"  # fmt: skip
    accept_service(delivered, by=cast.manager)  # what was delivered stays the firm's
    assert sign_in(cast.manager).get(reverse("agencies:contract", args=[delivered.contract_id])).status_code == 200
    assert sign_in(cast.manager).get(reverse("agencies:detail", args=[anhe.pk])).status_code == 404
    assert Record.objects.filter(verb="withdraw_post", subject_id=str(cast.agency.pk)).exists()


def test_a_resumed_agency_has_its_people_and_firms_again(
    cast: Cast, signed: Contract, verified: Engineer, anhe: Agency
) -> None:
    suspend_agency(anhe, by=cast.county, because="查实中")
    assert (
        code_of(lambda: suspend_agency(Agency.objects.get(pk=anhe.pk), by=cast.county, because="x"))
        == "changed_meanwhile"
    )
    resume_agency(Agency.objects.get(pk=anhe.pk), by=cast.county)
    for user in (cast.agency, cast.engineer):
        assert Enterprise.objects.visible_to(fresh(user)).filter(pk=cast.forge.pk).exists(), user
    assert Post.objects.open().filter(organisation_id=anhe.pk).count() == 2


def test_closing_needs_a_second_person(cast: Cast, signed: Contract, verified: Engineer, anhe: Agency) -> None:
    approval = ask_close_agency(anhe, by=cast.county, because="注销营业")
    assert Agency.objects.get(pk=anhe.pk).state == "active"
    assert code_of(lambda: ask_close_agency(anhe, by=cast.county, because="再来")) == "asked_already"
    with pytest.raises(Refused):
        decide_approval(approval, by=cast.county, approve=True)
    decide_approval(Approval.objects.get(pk=approval.pk), by=cast.deputy, approve=True)
    assert Agency.objects.get(pk=anhe.pk).state == "closed"
    assert Contract.objects.get(pk=signed.pk).state == "terminated"
    assert signed.services.get().state == "dropped"
    assert Engineer.objects.get(pk=verified.pk).state == "closed"
    assert not Post.objects.open().filter(organisation_id=anhe.pk).exists()
    assert not Enterprise.objects.visible_to(fresh(cast.agency)).exists()


def test_an_engineer_is_submitted_verified_and_gets_the_post(cast: Cast, sign_in: SignIn, anhe: Agency) -> None:
    phone = demo_phone(960)
    values = {
        "name": "陶然",
        "phone": phone,
        "number": "41200300118",
        "category": "building",
        "valid_until": timezone.localdate() + timedelta(days=9),
    }
    picture = SimpleUploadedFile("证.pdf", PDF)
    assert (
        sign_in(cast.agency).post(reverse("agencies:engineer-new"), {**values, "certificate": picture}).status_code
        == 302
    )
    engineer = Engineer.objects.get(number="41200300118")
    assert User.objects.by_phone(phone) is None
    assert code_of(lambda: verify_engineer(engineer, by=cast.other_county)) == "not_found"
    verify_engineer(engineer, by=cast.county)
    person = User.objects.by_phone(phone)
    assert person is not None
    assert (person.post.role_id if person.post else "", engineer.user_id) == ("safety_engineer", person.pk)
    assert code_of(lambda: verify_engineer(engineer, by=cast.county)) == "changed_meanwhile"
    url = reverse("agencies:engineer-certificate", args=[engineer.pk])
    seen = {
        who: sign_in(cast.people[who]).get(url).status_code
        for who in ("county", "agency", "other_county", "other_agency", "manager")
    }
    assert seen == {"county": 200, "agency": 200, "other_county": 404, "other_agency": 404, "manager": 403}


def test_one_registration_serves_one_agency(cast: Cast, verified: Engineer, anhe: Agency) -> None:
    huaan = Agency.objects.get(pk=cast.huaan.pk)
    values = {
        "name": "沈毅", "phone": cast.engineer.phone, "number": verified.number, "category": "other",
        "valid_until": timezone.localdate() + timedelta(days=9), "certificate": pdf(),
    }  # fmt: skip
    assert code_of(lambda: submit_engineer(huaan, by=cast.other_agency, **values)) == "registered_elsewhere"
    close_engineer(verified, by=cast.agency)
    assert not Post.objects.open().filter(user=cast.engineer).exists()
    assert submit_engineer(huaan, by=cast.other_agency, **values).state == "submitted"


def test_an_ended_registration_is_neither_submitted_nor_verified(cast: Cast, anhe: Agency) -> None:
    day = timezone.localdate() - timedelta(days=1)
    values = {
        "name": "甲",
        "phone": demo_phone(970),
        "number": "41200399999",
        "category": "other",
        "certificate": pdf(),
    }
    assert code_of(lambda: submit_engineer(anhe, by=cast.agency, valid_until=day, **values)) == "engineer_expired"
    engineer = submit_engineer(anhe, by=cast.agency, valid_until=timezone.localdate(), **values)
    Engineer.objects.filter(pk=engineer.pk).update(valid_until=day)
    engineer.refresh_from_db()
    assert code_of(lambda: verify_engineer(engineer, by=cast.county)) == "engineer_expired"


def test_a_suspended_engineer_loses_the_post_and_the_work(cast: Cast, signed: Contract, verified: Engineer) -> None:
    Service.objects.filter(contract=signed).update(engineer=verified)
    suspend_engineer(verified, by=cast.county, because="证书存疑")
    assert signed.services.get().engineer is None
    assert fresh(cast.engineer).open_posts == []


def test_pages_of_another_county_do_not_exist(cast: Cast, sign_in: SignIn, anhe: Agency) -> None:
    url = reverse("agencies:account", args=[anhe.pk])
    assert sign_in(cast.county).get(url).status_code == 200
    assert sign_in(cast.other_county).get(url).status_code == 404
    assert (
        sign_in(cast.other_county).post(reverse("agencies:account-step", args=[anhe.pk, "suspend"])).status_code == 404
    )
    assert sign_in(cast.town).get(reverse("agencies:accounts")).status_code == 403
    assert cast.anhe.name not in sign_in(cast.other_county).get(reverse("agencies:accounts")).content.decode()
