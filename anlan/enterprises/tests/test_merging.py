"""Merging, closing, reopening and deleting: with trace, and by two people where it matters."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from anlan.accounts.actions import decide_approval, set_invitation, show_invitation, take_invitation
from anlan.accounts.actions.invitations import roles_to_invite
from anlan.accounts.models import Approval, Invitation, Organisation, Post, User
from anlan.audit.models import Record
from anlan.enterprises.actions.merging import (
    ask_delete,
    ask_merge,
    close_enterprise,
    merge,
    reopen_enterprise,
)
from anlan.enterprises.models import Enterprise, FileValue, Mandate, Permit, Worker
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast
from anlan.supervision.recount import swap
from anlan.tallies.tasks import fold_all

SignIn = Callable[[User], Client]


def twin(cast: Cast, **values: object) -> Enterprise:
    organisation = Organisation.objects.create(kind="enterprise", name="豫中精锻二厂", region_code="410105018G08")
    return Enterprise.objects.create(organisation=organisation, industry="C3391", **values)


def test_a_merge_needs_a_second_person(cast: Cast) -> None:
    double = twin(cast)
    approval = ask_merge(cast.enterprise("forge"), double, because="重复建档", by=cast.county)
    assert Enterprise.objects.get(pk=cast.forge.pk).status == "active"
    with pytest.raises(Refused):
        decide_approval(approval, by=cast.county, approve=True)
    decide_approval(approval, by=cast.deputy, approve=True)
    ended = Enterprise.objects.get(pk=cast.forge.pk)
    assert (ended.status, ended.merged_into_id) == ("merged", double.pk)


def test_people_posts_permits_and_mandates_go_over_and_counters_agree(cast: Cast) -> None:
    swap()
    double = twin(cast)
    Worker.objects.create(enterprise=double, user=cast.worker)
    Permit.objects.create(enterprise_id=cast.forge.pk, name="锻造许可")
    Mandate.objects.create(
        enterprise_id=cast.forge.pk, organisation=cast.anhe, kind="contract", since=timezone.localdate()
    )
    swap()
    merge(cast.enterprise("forge"), double, by=cast.county, because="重复建档")
    assert Worker.objects.working().filter(enterprise=double).count() == 3
    assert not Worker.objects.working().filter(enterprise=cast.forge.pk).exists()
    assert Post.objects.open().filter(organisation_id=double.pk, user=cast.manager).exists()
    assert not Post.objects.open().filter(organisation_id=cast.forge.pk).exists()
    assert double.permits.count() == double.mandates.count() == 1
    fold_all()
    assert swap() == {}


def test_the_survivor_keeps_its_words_and_takes_over_what_it_lacks(cast: Cast) -> None:
    double = twin(cast, legal_person="孙老板")
    for field, value in (("address", "演示路 7 号"), ("legal_person", "吴建国")):
        FileValue.objects.create(
            enterprise_id=cast.forge.pk,
            field=field,
            value=value,
            source="officer",
            said_at=timezone.now(),
            said_by=cast.grid,
        )
    merge(cast.enterprise("forge"), double, by=cast.county, because="重复建档")
    double.refresh_from_db()
    assert (double.legal_person, double.address) == ("孙老板", "演示路 7 号")
    assert double.said.get().field == "address"
    assert Organisation.objects.get(pk=double.pk).credit_code == cast.forge.credit_code


def test_impossible_merges_are_refused(cast: Cast) -> None:
    forge, double = cast.enterprise("forge"), twin(cast)
    with pytest.raises(Refused, match="自己"):
        ask_merge(forge, forge, because="x", by=cast.county)
    with pytest.raises(Refused) as outside:
        ask_merge(forge, cast.enterprise("luoyang"), because="x", by=cast.county)
    assert outside.value.status == 404
    with pytest.raises(Refused, match="理由"):
        ask_merge(forge, double, because=" ", by=cast.county)
    ask_merge(forge, double, because="x", by=cast.county)
    with pytest.raises(Refused) as twice:
        ask_merge(forge, double, because="x", by=cast.deputy)
    assert twice.value.code == "asked_already"


def test_a_merge_that_became_impossible_decides_nothing(cast: Cast) -> None:
    double = twin(cast)
    approval = ask_merge(cast.enterprise("forge"), double, because="重复", by=cast.county)
    close_enterprise(double, on=timezone.localdate(), because="搬走", end_jobs=False, by=cast.county)
    with pytest.raises(Refused, match="在业"):
        decide_approval(approval, by=cast.deputy, approve=True)
    assert Approval.objects.get().state == "asked"


def test_closing_ends_jobs_when_told_to_and_can_be_taken_back(cast: Cast) -> None:
    forge, today = cast.enterprise("forge"), timezone.localdate()
    swap()
    close_enterprise(forge, on=today, because="注销", end_jobs=True, by=cast.county)
    forge.refresh_from_db()
    assert (forge.status, forge.status_on) == ("closed", today)
    assert not Worker.objects.working().filter(enterprise=forge).exists()
    fold_all()
    assert swap() == {}
    with pytest.raises(Refused, match="已经注销"):
        close_enterprise(forge, on=today, because="再点一次", end_jobs=True, by=cast.county)
    reopen_enterprise(forge, because="登记错了", by=cast.county)
    assert Enterprise.objects.get(pk=forge.pk).status == "active"
    assert {"close_enterprise", "reopen_enterprise"} <= set(Record.objects.values_list("verb", flat=True))


@pytest.mark.parametrize("who", ["grid", "boss", "agency", "city"])
def test_others_close_nothing(cast: Cast, who: str) -> None:
    with pytest.raises(Refused) as refused:
        close_enterprise(
            cast.enterprise("forge"), on=timezone.localdate(), because="x", end_jobs=True, by=getattr(cast, who)
        )
    assert refused.value.status == 403


def test_a_day_to_come_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="还没有到"):
        close_enterprise(
            cast.enterprise("forge"),
            on=timezone.localdate() + timedelta(days=1),
            because="x",
            end_jobs=False,
            by=cast.county,
        )


def test_only_a_firm_without_history_is_deleted_and_by_two_people(cast: Cast) -> None:
    with pytest.raises(Refused, match="可以注销"):
        ask_delete(cast.enterprise("forge"), because="x", by=cast.county)
    empty = twin(cast)
    approval = ask_delete(empty, because="建错了", by=cast.county)
    decide_approval(approval, by=cast.deputy, approve=True)
    assert not Organisation.objects.filter(name="豫中精锻二厂").exists()
    assert Record.objects.get(verb="delete_enterprise").subject_name == "豫中精锻二厂"


def test_a_firm_used_since_the_request_is_not_deleted(cast: Cast) -> None:
    empty = twin(cast)
    approval = ask_delete(empty, because="建错了", by=cast.county)
    Worker.objects.create(enterprise=empty, user=cast.worker)
    with pytest.raises(Refused, match="不能删除"):
        decide_approval(approval, by=cast.deputy, approve=True)
    assert Enterprise.objects.filter(pk=empty.pk).exists()


def test_the_pages_lead_through_a_merge_and_a_closing(cast: Cast, sign_in: SignIn) -> None:
    double, client = twin(cast), sign_in(cast.county)
    home = f"/enterprises/{cast.forge.pk}/change/"
    assert "一直在" in client.get(home).content.decode()
    page = client.get(f"/enterprises/{cast.forge.pk}/merge/?q=精锻")
    assert "豫中精锻二厂" in page.content.decode()
    assert client.post(f"/enterprises/{cast.forge.pk}/merge/", {"because": "重复"}).status_code == 422
    client.post(f"/enterprises/{cast.forge.pk}/merge/", {"because": "重复", "into": double.pk})
    assert "正等审批" in client.get(home).content.decode()
    closing = {"on": timezone.localdate().isoformat(), "because": "注销", "jobs": "keep"}
    client.post(f"/enterprises/{double.pk}/close/", closing)
    assert Enterprise.objects.get(pk=double.pk).status == "closed"
    assert client.post(f"/enterprises/{double.pk}/close/", closing).status_code == 422  # a second tap
    assert sign_in(cast.other_county).get(home).status_code == 404
    assert sign_in(cast.grid).get(home).status_code == 404


@pytest.mark.parametrize("end", ["close", "merge"])
def test_invitations_into_a_firm_that_ends_are_closed_and_taken_back(cast: Cast, end: str) -> None:
    invitation = set_invitation(cast.forge, "enterprise_manager", cast.other_boss.phone, by=cast.town)
    other = set_invitation(cast.bakery, "enterprise_manager", cast.boss.phone, by=cast.county)
    assert Notice.objects.filter(key=f"invitation:{invitation.pk}").exists()
    if end == "close":
        firm, today = cast.enterprise("forge"), timezone.localdate()
        close_enterprise(firm, on=today, because="注销", end_jobs=False, by=cast.county)
    else:
        merge(cast.enterprise("forge"), twin(cast), by=cast.county, because="重复建档")
    assert list(Invitation.objects.open()) == [other]
    assert not Notice.objects.filter(key=f"invitation:{invitation.pk}").exists()
    with pytest.raises(Refused):
        take_invitation(invitation, by=cast.other_boss)
    ended = cast.enterprise("forge").organisation
    with pytest.raises(Refused) as refused:
        show_invitation(ended, "enterprise_manager", by=cast.county)
    assert refused.value.status == 404 and roles_to_invite(ended, cast.county) == ()
