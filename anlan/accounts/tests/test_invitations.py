"""Binding people to a firm (P-05): by a code that is scanned, or by a number set in advance."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from anlan.accounts.actions import bind_invitations, set_invitation, show_invitation, take_invitation
from anlan.accounts.models import Invitation, Post, User
from anlan.accounts.tests.helpers import CODE, CONFIRM, person, sent_code, sign_in_by_code
from anlan.audit.models import Record
from anlan.lib.codes import demo_phone
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]
PHONE = demo_phone(5501)


def somebody(n: int, **scope: Any) -> User:
    """A person whom the second factor does not ask."""
    user = person(n, **scope)
    user.is_demo = True
    user.save()
    return user


def held(user: User) -> list[str]:
    return list(Post.objects.open().filter(user=user, organisation__isnull=False).values_list("role_id", flat=True))


def show(cast: Cast, role: str = "enterprise_manager") -> Invitation:
    return show_invitation(cast.forge, role, by=cast.grid)


def late(invitation: Invitation) -> Invitation:
    Invitation.objects.filter(pk=invitation.pk).update(until=timezone.now() - timedelta(seconds=1))
    return invitation


def test_the_officer_shows_a_code_and_whoever_scans_it_confirms(cast: Cast, sign_in: SignIn) -> None:
    officer = sign_in(cast.grid)
    answer = officer.post(f"/organisations/{cast.forge.pk}/invite/", {"way": "qr", "role": "enterprise_manager"})
    invitation = Invitation.objects.get()
    assert answer.status_code == 302 and answer["Location"] == f"/invitations/{invitation.pk}/"
    page = officer.get(answer["Location"]).content.decode()
    assert "<svg" in page and "own-qr" in page and "style=" not in page and "谁扫码谁成为企业平台管理员" in page
    guest = somebody(1)
    client = sign_in(guest)
    door = client.get(f"/join/{invitation.token}/").content.decode()
    assert "豫中精锻" in door and "企业平台管理员" in door and "刘海涛" in door
    assert not held(guest)  # looking binds nobody
    assert client.post(f"/join/{invitation.token}/").status_code == 302
    assert held(guest) == ["enterprise_manager"]
    assert User.objects.get(pk=guest.pk).post.organisation == cast.forge  # type: ignore[union-attr]
    assert Notice.objects.filter(user=cast.grid, kind="invitation").exists()
    assert Record.objects.filter(verb="take_invitation", actor_id=guest.pk).count() == 1
    fragment = officer.get(f"/invitations/{invitation.pk}/", headers={"HX-Request": "true"})
    assert "测试1已成为企业平台管理员" in fragment.content.decode()


def test_a_stranger_signs_up_on_the_way_and_comes_back_to_the_door(cast: Cast) -> None:
    url = f"/join/{show(cast).token}/"
    client = Client()
    to_login = client.get(url)
    assert to_login.status_code == 302 and to_login["Location"].startswith("/accounts/login/?next=")
    page = client.get(to_login["Location"]).content.decode()
    assert f'value="{url}"' in page and f'href="/accounts/signup/?next={url}"' in page
    to_code = client.post("/accounts/signup/", {"name": "新人", "phone": PHONE, "next": url})["Location"]
    found = client.post(to_code, {"code": sent_code()}, follow=True)
    assert "成为豫中精锻" in found.content.decode()


def test_a_person_signs_in_by_code_and_comes_back_to_the_door(cast: Cast) -> None:
    url, guest, client = f"/join/{show(cast).token}/", person(1), Client()
    to_code = client.post(CODE, {"phone": guest.phone, "next": url})["Location"]
    assert f'value="{url}"' in client.get(to_code).content.decode()
    assert client.post(CONFIRM, {"code": sent_code(), "next": url})["Location"] == url


@pytest.mark.parametrize("spoilt", ["taken", "withdrawn", "late", "forged", "nonsense"])
def test_a_door_that_is_shut_says_why(cast: Cast, sign_in: SignIn, spoilt: str) -> None:
    invitation = show(cast)
    words = {
        "taken": "已经用过",
        "withdrawn": "已经收回",
        "late": "过期了",
        "forged": "没有找到",
        "nonsense": "没有找到",
    }
    token = str(invitation.token)
    if spoilt == "taken":
        take_invitation(invitation, by=somebody(2))
    elif spoilt == "withdrawn":
        show(cast)  # a new code, and the old one stops working
    elif spoilt == "late":
        late(invitation)
    else:
        token = "0b3b6f0a-0000-4000-8000-000000000000" if spoilt == "forged" else "x%00y"
    guest = somebody(1)
    client = sign_in(guest)
    for answer in (client.get(f"/join/{token}/"), client.post(f"/join/{token}/")):
        assert answer.status_code == (404 if words[spoilt] == "没有找到" else 410)
        assert words[spoilt] in answer.content.decode()
    assert not held(guest)
    with pytest.raises(Refused):
        take_invitation(late(invitation), by=guest)


def test_whoever_holds_it_already_is_told_and_the_door_stays_open(cast: Cast, sign_in: SignIn) -> None:
    invitation = show_invitation(cast.forge, "enterprise_admin", by=cast.grid)
    answer = sign_in(cast.boss).post(f"/join/{invitation.token}/")
    assert answer.status_code == 200 and "您已经是" in answer.content.decode()
    assert Invitation.objects.get(pk=invitation.pk).is_open
    with pytest.raises(Refused) as refused:
        take_invitation(invitation, by=cast.boss)
    assert refused.value.code == "already_held"
    assert Invitation.objects.get(pk=invitation.pk).is_open


def test_nobody_walks_through_their_own_door(cast: Cast, sign_in: SignIn) -> None:
    invitation = show(cast)
    client = sign_in(cast.grid)
    assert "您自己出示的" in client.get(f"/join/{invitation.token}/").content.decode()
    assert client.post(f"/join/{invitation.token}/").status_code == 403
    assert not held(cast.grid)


@pytest.mark.parametrize("who", ["other_grid", "other_county", "other_boss", "agency", "province", "manager", "worker"])
def test_outsiders_and_those_who_may_not_invite_open_no_door(cast: Cast, sign_in: SignIn, who: str) -> None:
    invitation, client, user = show(cast), sign_in(getattr(cast, who)), getattr(cast, who)
    before = Invitation.objects.count()
    assert client.get(f"/organisations/{cast.forge.pk}/invite/").status_code in (403, 404)
    form = {"way": "qr", "role": "enterprise_manager"}
    assert client.post(f"/organisations/{cast.forge.pk}/invite/", form).status_code in (403, 404)
    assert client.get(f"/invitations/{invitation.pk}/").status_code == 404
    assert client.post(f"/invitations/{invitation.pk}/withdraw/").status_code == 404
    with pytest.raises(Refused):
        set_invitation(cast.forge, "enterprise_manager", PHONE, by=user)
    assert Invitation.objects.count() == before


def test_a_role_that_one_may_not_invite_to_is_refused(cast: Cast, sign_in: SignIn) -> None:
    for role in ("county_admin", "safety_manager", "agency_admin", "nonsense", ""):
        form = {"way": "qr", "role": role}
        assert sign_in(cast.grid).post(f"/organisations/{cast.forge.pk}/invite/", form).status_code == 403, role
    assert not Invitation.objects.exists()


def test_the_county_opens_an_agency_and_an_agency_is_no_enterprise(cast: Cast) -> None:
    assert show_invitation(cast.anhe, "agency_admin", by=cast.county).pk
    with pytest.raises(Refused):
        show_invitation(cast.anhe, "enterprise_admin", by=cast.county)
    with pytest.raises(Refused):
        show_invitation(cast.anhe, "agency_admin", by=cast.grid)


def test_a_number_set_in_advance_is_bound_when_it_signs_in(cast: Cast, sign_in: SignIn) -> None:
    guest = somebody(3)
    form = {"way": "phone", "role": "enterprise_manager", "phone": guest.phone}
    client = sign_in(cast.grid)
    page = client.post(f"/organisations/{cast.forge.pk}/invite/", form, follow=True).content.decode()
    assert guest.phone_masked in page and guest.phone not in page
    assert not held(guest)
    page = sign_in_by_code(guest).get("/home/", follow=True).content.decode()
    assert "您已成为豫中精锻" in page
    assert held(guest) == ["enterprise_manager"]
    assert Notice.objects.filter(user=cast.grid, kind="invitation").count() == 1
    sign_in_by_code(guest)
    assert held(guest) == ["enterprise_manager"]


def test_a_number_without_an_account_is_bound_when_it_signs_up(cast: Cast) -> None:
    set_invitation(cast.forge, "enterprise_admin", PHONE, by=cast.town)
    client = Client()
    client.post("/accounts/signup/", {"name": "新人", "phone": PHONE})
    user = User.objects.get(name="新人")
    assert not held(user)  # a number that is not proved opens nothing
    client.post("/accounts/phone/verify/", {"code": sent_code()})
    assert held(user) == ["enterprise_admin"]


def test_a_number_that_is_not_proved_is_not_bound(cast: Cast) -> None:
    guest = person(4, verified=False)
    set_invitation(cast.forge, "enterprise_manager", guest.phone, by=cast.grid)
    assert bind_invitations(guest) == []
    with pytest.raises(Refused):
        take_invitation(Invitation.objects.get(), by=guest)


def test_the_link_of_a_preset_number_opens_for_that_number_only(cast: Cast, sign_in: SignIn) -> None:
    meant, other = somebody(5), somebody(6)
    invitation = set_invitation(cast.forge, "enterprise_manager", meant.phone, by=cast.grid)
    assert Notice.objects.get(user=meant).url == f"/join/{invitation.token}/"
    assert sign_in(other).get(f"/join/{invitation.token}/").status_code == 404
    assert sign_in(meant).post(f"/join/{invitation.token}/").status_code == 302
    assert held(meant) == ["enterprise_manager"] and not held(other)


def test_a_number_is_preset_once_and_again_when_it_ran_out(cast: Cast, sign_in: SignIn) -> None:
    url, form = (
        f"/organisations/{cast.forge.pk}/invite/",
        {"way": "phone", "role": "enterprise_manager", "phone": PHONE},
    )
    client = sign_in(cast.grid)
    assert client.post(url, form).status_code == 302
    again = client.post(url, form)
    assert again.status_code == 422 and "已经预设过" in again.content.decode()
    late(Invitation.objects.get())
    assert client.post(url, form).status_code == 302
    assert Invitation.objects.open().count() == 1
    assert client.post(url, form | {"phone": "12"}).status_code == 422
    assert client.post(url, form | {"phone": cast.grid.phone}).status_code == 422


def test_what_ran_out_or_was_withdrawn_binds_nobody(cast: Cast, sign_in: SignIn) -> None:
    guest = somebody(7)
    late(set_invitation(cast.forge, "enterprise_admin", guest.phone, by=cast.grid))
    gone = set_invitation(cast.forge, "enterprise_manager", guest.phone, by=cast.grid)
    client = sign_in(cast.town)
    assert client.post(f"/invitations/{gone.pk}/withdraw/").status_code == 302
    assert client.post(f"/invitations/{gone.pk}/withdraw/").status_code == 409
    assert not Notice.objects.filter(user=guest, key=f"invitation:{gone.pk}").exists()
    sign_in_by_code(guest)
    assert held(guest) == []


def test_several_numbers_bind_at_once_and_what_is_held_already_does_no_harm(cast: Cast) -> None:
    guest = somebody(8)
    Post.objects.create(user=guest, role_id="enterprise_admin", organisation=cast.forge)
    set_invitation(cast.forge, "enterprise_admin", guest.phone, by=cast.grid)
    set_invitation(cast.forge, "enterprise_manager", guest.phone, by=cast.grid)
    set_invitation(cast.bakery, "enterprise_manager", guest.phone, by=cast.county)
    assert [post.organisation for post in bind_invitations(guest)] == [cast.forge, cast.bakery]
    assert not Invitation.objects.open().exists()


def test_the_code_asks_quietly_until_something_happens(cast: Cast, sign_in: SignIn) -> None:
    invitation, client = show(cast), sign_in(cast.grid)
    quiet = client.get(f"/invitations/{invitation.pk}/", headers={"HX-Request": "true"})
    assert quiet.status_code == 204
    late(invitation)
    assert "过期了" in client.get(f"/invitations/{invitation.pk}/").content.decode()
    assert client.post(f"/invitations/{invitation.pk}/").status_code == 405


def test_the_file_of_a_firm_leads_those_who_may_to_the_binding(cast: Cast, sign_in: SignIn) -> None:
    url = f"/organisations/{cast.forge.pk}/invite/"
    seen = {
        who: url in sign_in(getattr(cast, who)).get(f"/enterprises/{cast.forge.pk}/").content.decode()
        for who in ("grid", "town", "county", "province", "agency", "boss")
    }
    assert seen == {"grid": True, "town": True, "county": True, "province": False, "agency": False, "boss": False}


def test_whoever_has_just_signed_up_acts_in_the_new_post_at_once(cast: Cast) -> None:
    shown = show_invitation(cast.anhe, "agency_admin", by=cast.county)
    someone = User.objects.create_user(name="孟瑶", phone="10077777777", phone_verified=True)
    client = Client()
    client.force_login(someone, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.post(f"/join/{shown.token}/")
    assert response.status_code == 302
    assert User.objects.get(pk=someone.pk).post.role_id == "agency_admin"  # type: ignore[union-attr]
