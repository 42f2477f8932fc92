"""Members, packs for members, messages to members, joint publications; and what follows a firm that merges or closes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from anlan.accounts.models import User
from anlan.agencies.actions import (
    add_pack,
    apply_membership,
    ask_service,
    decide_membership,
    decide_publication,
    end_membership,
    invite_member,
    propose_publication,
    push_members,
)
from anlan.agencies.actions.following import follow_close, follow_merge
from anlan.agencies.due import due_for
from anlan.agencies.models import (
    Agency,
    Association,
    Contract,
    Membership,
    PackItem,
    Publication,
    Service,
    ServiceRequest,
)
from anlan.agencies.tests.conftest import pdf
from anlan.enterprises.models import Enterprise
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def guild(cast: Cast) -> Association:
    return Association.objects.get(pk=cast.guild.pk)


def sees(user: User, firm: Enterprise) -> bool:
    return Enterprise.objects.visible_to(User.objects.get(pk=user.pk)).filter(pk=firm.pk).exists()


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code


def test_membership_needs_both_sides_and_opens_the_firm(cast: Cast, guild: Association) -> None:
    firm = cast.enterprise("forge")
    membership = apply_membership(guild, firm, by=cast.manager)
    assert not sees(cast.association, firm)
    assert code_of(lambda: apply_membership(guild, firm, by=cast.boss)) == "member_already"
    assert code_of(lambda: decide_membership(membership, by=cast.manager, accept=True)) == "not_yours_to_decide"
    decide_membership(membership, by=cast.association, accept=True)
    assert sees(cast.association, firm)
    end_membership(membership, by=cast.manager)
    assert not sees(cast.association, firm)


def test_an_invited_firm_decides(cast: Cast, guild: Association) -> None:
    membership = invite_member(guild, str(cast.forge.credit_code), by=cast.association)
    assert code_of(lambda: decide_membership(membership, by=cast.association, accept=True)) == "not_yours_to_decide"
    assert code_of(lambda: decide_membership(membership, by=cast.other_boss, accept=True)) == "not_found"
    decide_membership(membership, by=cast.boss, accept=True)
    assert Membership.objects.get().state == "active"


def join(cast: Cast, guild: Association) -> Membership:
    membership = apply_membership(guild, cast.enterprise("forge"), by=cast.manager)
    decide_membership(membership, by=cast.association, accept=True)
    return membership


def test_packs_for_members_are_hidden_from_others(cast: Cast, sign_in: SignIn, guild: Association) -> None:
    assert code_of(lambda: add_pack(guild, by=cast.association, kind="course", title="空")) == "empty_pack"
    item = add_pack(guild, by=cast.association, kind="standard", title="要点", file=pdf(), members_only=True)
    url = reverse("agencies:pack-file", args=[item.pk])
    assert sign_in(cast.manager).get(url).status_code == 404
    membership = join(cast, guild)
    assert sign_in(cast.manager).get(url).status_code == 200
    assert sign_in(cast.other_boss).get(url).status_code == 404
    end_membership(membership, by=cast.association, because="不再参加活动")
    assert not PackItem.objects.visible_to(cast.manager).exists()


def test_messages_reach_members_only_and_once(cast: Cast, guild: Association) -> None:
    assert code_of(lambda: push_members(guild, by=cast.association, title="互查", text="周三")) == "no_members"
    join(cast, guild)
    push = push_members(guild, by=cast.association, title="互查", text="周三")
    assert (push.members, push.people) == (1, 2)
    assert not Notice.objects.filter(user=cast.other_boss, key=f"push:{push.pk}").exists()
    assert code_of(lambda: push_members(guild, by=cast.association, title="互查", text="周三")) == "sent_already"
    assert code_of(lambda: push_members(guild, by=cast.manager, title="x", text="x")) == "not_found"


def test_a_joint_publication_waits_for_all(cast: Cast, sign_in: SignIn, guild: Association) -> None:
    partners = [cast.anhe, cast.huaan]
    assert (
        code_of(lambda: propose_publication(guild, by=cast.association, title="t", text="x", partners=[]))
        == "no_partner"
    )
    text = propose_publication(guild, by=cast.association, title="冬季提示", text="……", partners=partners)
    url = reverse("agencies:publication", args=[text.pk])
    assert sign_in(cast.manager).get(url).status_code == 404
    decide_publication(text, by=cast.agency, agree=True)
    assert code_of(lambda: decide_publication(text, by=cast.agency, agree=True)) == "decided_already"
    assert Publication.objects.get().state == "asked"
    decide_publication(text, by=cast.other_agency, agree=True)
    assert Publication.objects.get().state == "published"
    assert sign_in(cast.manager).get(url).status_code == 200


def test_one_no_stops_a_publication(cast: Cast, guild: Association) -> None:
    text = propose_publication(guild, by=cast.association, title="t", text="x", partners=[cast.anhe, cast.huaan])
    assert code_of(lambda: decide_publication(text, by=cast.agency, agree=False)) == "no_words"
    decide_publication(text, by=cast.agency, agree=False, because="数据不准")
    assert code_of(lambda: decide_publication(text, by=cast.other_agency, agree=True)) == "decided_already"


def test_every_tab_and_form_opens(cast: Cast, sign_in: SignIn, guild: Association) -> None:
    join(cast, guild)
    client = sign_in(cast.association)
    for tab in ("members", "packs", "pushes", "publications", "nonsense"):
        assert client.get(reverse("agencies:association"), {"tab": tab}).status_code == 200, tab
    for what, status in (("invite", 200), ("pack", 200), ("push", 200), ("publication", 200), ("nothing", 404)):
        assert client.get(reverse("agencies:association-add", args=[what])).status_code == status, what
    values = {"title": "联合", "text": "正文", "partners": [str(cast.anhe.pk)]}
    assert client.post(reverse("agencies:association-add", args=["publication"]), values).status_code == 302
    assert sign_in(cast.manager).get(reverse("agencies:joined")).status_code == 200


def test_open_things_follow_a_merged_firm(cast: Cast, signed: Contract, guild: Association) -> None:
    forge, bakery = cast.enterprise("forge"), cast.enterprise("bakery")
    huaan = Agency.objects.get(pk=cast.huaan.pk)
    today = timezone.localdate()
    for firm, user in ((forge, cast.manager), (bakery, cast.other_boss)):
        ask_service(huaan, firm, by=user, kinds=["risk"], words="", wanted_by=today)
    membership = join(cast, guild)
    follow_merge(forge, bakery, cast.county)
    assert Contract.objects.get(pk=signed.pk).enterprise_id == bakery.pk
    assert {service.enterprise_id for service in Service.objects.all()} == {bakery.pk}
    assert list(ServiceRequest.objects.filter(state="open").values_list("enterprise_id", flat=True)) == [bakery.pk]
    assert Membership.objects.get(pk=membership.pk).enterprise_id == bakery.pk
    assert Service.objects.visible_to(User.objects.get(pk=cast.other_boss.pk)).exists()


def test_everything_ends_with_a_closed_firm(cast: Cast, signed: Contract, guild: Association) -> None:
    forge = cast.enterprise("forge")
    membership = join(cast, guild)
    follow_close(forge, cast.county)
    assert Contract.objects.get(pk=signed.pk).state == "terminated"
    assert Membership.objects.get(pk=membership.pk).state == "ended"
    assert not sees(cast.agency, forge)
    assert not sees(cast.association, forge)


def test_what_is_due_names_the_one_action(cast: Cast, offered: Contract, guild: Association) -> None:
    def due(user: User) -> list[str]:
        return [str(one.action) for one in due_for(User.objects.get(pk=user.pk))]

    assert due(cast.manager) == ["看合同"]
    assert due(cast.agency) == []
    assert due(cast.worker) == []
    apply_membership(guild, cast.enterprise("forge"), by=cast.manager)
    assert due(cast.association) == ["看申请"]
    ask_service(
        Agency.objects.get(pk=cast.huaan.pk), cast.enterprise("forge"), by=cast.manager, kinds=["risk"], words="",
        wanted_by=timezone.localdate(),
    )  # fmt: skip
    assert due(cast.other_agency) == ["答复需求"]
