"""Granting and withdrawing posts: only below one's own role, only inside one's scope, always recorded."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from anlan.accounts.actions import grant_post, withdraw_post
from anlan.accounts.models import Post, User
from anlan.audit.models import Record
from anlan.lib.codes import demo_phone
from anlan.lib.errors import Refused
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]
PHONE = demo_phone(5001)


def form(**changes: Any) -> dict[str, Any]:
    return {"name": "程野", "phone": PHONE, "role": "grid_officer", "scope": "杨金路第 7 网格", "title": "", **changes}


def test_a_new_person_is_made_without_password(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.county)
    assert client.post("/people/grant/", form(role="department_staff", scope="金水区", title="科员")).status_code == 302
    user = User.objects.by_phone(PHONE)
    assert user is not None and not user.has_usable_password() and not user.phone_verified
    assert user.post is not None
    assert (user.post.role_id, user.post.region_code, user.post.title) == ("department_staff", "410105", "科员")
    record = Record.objects.get(verb="grant_post")
    assert (record.actor_id, record.region_code) == (cast.county.pk, "410105")
    assert "程野" in client.get("/people/").content.decode()


def test_somebody_known_gets_a_second_post(cast: Cast) -> None:
    post = grant_post(
        "enterprise_admin", phone=cast.worker.phone, name="李国强", by=cast.county, organisation=cast.bakery
    )
    assert post.user == cast.worker
    assert Post.objects.open().filter(user=cast.worker).count() == 2


def test_another_name_for_a_known_number_is_refused_without_giving_it_away(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.county).post("/people/grant/", form(phone=cast.worker.phone)).content.decode()
    assert "李*强" in page and "李国强" not in page
    assert not Record.objects.filter(verb="grant_post").exists()


def test_granting_twice_is_said_and_changes_nothing(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.county)
    client.post("/people/grant/", form())
    again = client.post("/people/grant/", form())
    assert again.status_code == 422
    assert "已经有这个身份" in again.content.decode()
    assert Post.objects.filter(role_id="grid_officer", user__name="程野").count() == 1


@pytest.mark.parametrize(
    ("who", "role", "scope"),
    [
        ("county", "county_admin", "410105"),
        ("county", "city_admin", "4101"),
        ("town", "town_admin", "410105019"),
        ("county", "auditor", ""),
        ("operator", "city_admin", "4101"),
        ("operator", "operator", ""),
    ],
)
def test_only_lower_roles_are_granted(cast: Cast, who: str, role: str, scope: str) -> None:
    with pytest.raises(Refused) as refused:
        grant_post(role, phone=PHONE, name="程野", by=getattr(cast, who), region_code=scope)
    assert refused.value.code == "role_too_high"
    assert User.objects.by_phone(PHONE) is None


@pytest.mark.parametrize(
    ("who", "role", "region", "firm"),
    [
        ("county", "town_admin", "410303001", ""),
        ("county", "town_admin", "410105", ""),
        ("county", "grid_officer", "", ""),
        ("county", "town_admin", "410105018", "forge"),
        ("county", "enterprise_admin", "", "luoyang"),
        ("county", "enterprise_admin", "", "school"),
        ("boss", "worker", "", "bakery"),
        ("boss", "worker", "410105018", ""),
        ("other_city", "institution_admin", "", "school"),
    ],
)
def test_nothing_is_granted_outside_the_scope(cast: Cast, who: str, role: str, region: str, firm: str) -> None:
    organisation = getattr(cast, firm) if firm else None
    with pytest.raises(Refused) as refused:
        grant_post(role, phone=PHONE, name="程野", by=getattr(cast, who), region_code=region, organisation=organisation)
    assert refused.value.status == 404
    assert User.objects.by_phone(PHONE) is None


def test_nobody_grants_to_themselves(cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        grant_post("grid_officer", phone=cast.county.phone, name="陈立", by=cast.county, region_code="410105018G07")
    assert refused.value.code == "own_post"


def test_a_firm_grants_in_itself_only_and_is_not_asked_where(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.boss)
    assert 'name="scope"' not in client.get("/people/grant/").content.decode()
    client.post("/people/grant/", form(role="safety_manager", scope="河南省"))
    user = User.objects.by_phone(PHONE)
    assert user is not None and user.post is not None and user.post.organisation == cast.forge


def test_several_places_of_one_name_are_offered(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.city)
    page = client.post("/people/grant/", form(role="town_admin", scope="路街道"))
    assert page.status_code == 422
    assert 'value="410105018"' in page.content.decode() and 'value="410303001"' not in page.content.decode()
    chosen = form(role="town_admin", scope="路街道", scope_pick="410105018", because="新任")
    assert client.post("/people/grant/", chosen).status_code == 302


def test_bad_input_is_kept_and_explained(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.county).post("/people/grant/", form(phone="123", role="nonsense", scope="")).content.decode()
    assert "手机号应为 11 位数字" in page and 'value="程野"' in page
    page = sign_in(cast.county).post("/people/grant/", form(scope="没有的街道")).content.decode()
    assert "没有找到" in page


def test_withdrawing_ends_the_post_today_once(cast: Cast, sign_in: SignIn) -> None:
    client, post = sign_in(cast.boss), cast.manager.post
    assert client.post(f"/people/posts/{post.pk}/withdraw/").status_code == 302
    post.refresh_from_db()
    assert post.until is not None
    assert User.objects.get(pk=cast.manager.pk).post is None
    assert client.post(f"/people/posts/{post.pk}/withdraw/").status_code == 409
    assert Record.objects.filter(verb="withdraw_post").count() == 1
    assert cast.manager.name in client.get("/people/", {"state": "ended"}).content.decode()


@pytest.mark.parametrize("who", ["other_boss", "other_county", "other_city"])
def test_outsiders_neither_see_nor_withdraw(cast: Cast, sign_in: SignIn, who: str) -> None:
    client = sign_in(getattr(cast, who))
    assert cast.manager.name not in client.get("/people/").content.decode()
    assert client.post(f"/people/posts/{cast.town.post.pk}/withdraw/").status_code == 404
    assert client.post(f"/people/posts/{cast.manager.post.pk}/withdraw/").status_code == 404


def test_equals_and_superiors_cannot_be_withdrawn(cast: Cast) -> None:
    for by, whose in ((cast.county, cast.city), (cast.town, cast.town), (cast.grid, cast.worker)):
        with pytest.raises(Refused):
            withdraw_post(whose.post, by=by)


@pytest.mark.parametrize("who", ["grid", "manager", "worker", "teacher", "auditor"])
def test_without_the_power_the_pages_refuse(cast: Cast, sign_in: SignIn, who: str) -> None:
    client = sign_in(getattr(cast, who))
    assert client.get("/people/").status_code == 403
    assert client.post("/people/grant/", form()).status_code == 403
    assert client.post(f"/people/posts/{cast.worker.post.pk}/withdraw/").status_code == 403


def test_people_are_found_by_name_phone_and_role(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.province)

    def names(**query: str) -> str:
        return client.get("/people/", query, headers={"HX-Request": "true"}).content.decode()

    assert "陈立" in names(q="陈") and "孙晓燕" not in names(q="陈")
    assert "孙晓燕" in names(q=cast.town.phone) and "陈立" not in names(q=cast.town.phone)
    assert "刘海涛" in names(role="grid_officer") and "陈立" not in names(role="grid_officer")
    assert "没有符合条件的人" in names(q="查无此人")
    assert cast.town.phone not in names()


def test_the_list_asks_the_same_for_many_as_for_few(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.county)
    counts = []
    for n in (2, 18):
        for i in range(n):
            grant_post(
                "grid_officer",
                phone=demo_phone(6000 + n * 100 + i),
                name=f"网格{i}",
                by=cast.county,
                region_code="410105018G07",
            )
        with CaptureQueriesContext(connection) as queries:
            client.get("/people/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
