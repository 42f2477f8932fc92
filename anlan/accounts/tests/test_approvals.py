"""A second person (P-06): sensitive posts wait, nobody decides their own request, nothing changes before."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from anlan.accounts.actions import ask_grant, decide_approval, grant_post, withdraw_approval, withdraw_post
from anlan.accounts.due import due_for
from anlan.accounts.models import Approval, Post, User
from anlan.audit.models import Record
from anlan.lib.codes import demo_phone
from anlan.lib.errors import Refused
from anlan.notifications.models import Notice
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]
PHONE = demo_phone(5101)
STREET = "410105019"


def ask(cast: Cast, n: int = 0, by: str = "county") -> Approval:
    return ask_grant(
        "town_admin",
        phone=demo_phone(5101 + n),
        name=f"罗佳{n}",
        by=getattr(cast, by),
        region_code=STREET,
        because="接任",
    )


def posts(role: str = "town_admin") -> Any:
    return Post.objects.open().filter(role=role, region_code=STREET)


def test_a_sensitive_post_waits_and_says_so(cast: Cast, sign_in: SignIn) -> None:
    form = {
        "name": "罗佳",
        "phone": PHONE,
        "role": "town_admin",
        "scope": "丰庆路街道",
        "title": "副站长",
        "because": "接任",
    }
    page = sign_in(cast.county).post("/people/grant/", form, follow=True).content.decode()
    assert "已提交审批" in page and "等另一个人审批" in page and "林静" in page
    assert not posts().exists()
    approval = Approval.objects.get()
    assert PHONE not in str(approval.payload) and approval.subject_name == "罗佳"


def test_without_a_reason_nothing_is_asked_and_nobody_registered(cast: Cast, sign_in: SignIn) -> None:
    form = {"name": "罗佳", "phone": PHONE, "role": "town_admin", "scope": "丰庆路街道", "title": "", "because": " "}
    answer = sign_in(cast.county).post("/people/grant/", form)
    assert answer.status_code == 422 and "请写明理由" in answer.content.decode()
    assert not Approval.objects.exists() and User.objects.by_phone(PHONE) is None


def test_the_direct_way_is_shut_even_for_code(cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        grant_post("town_admin", phone=PHONE, name="罗佳", by=cast.county, region_code=STREET)
    assert refused.value.code == "needs_approval" and not posts().exists()


def test_the_operator_opens_the_top_alone(cast: Cast) -> None:
    assert grant_post("province_admin", phone=PHONE, name="罗佳", by=cast.operator, region_code="41").pk


def test_the_second_person_approves_and_it_takes_effect(cast: Cast, sign_in: SignIn) -> None:
    approval = ask(cast)
    assert Notice.objects.filter(user=cast.deputy, key=f"approval:{approval.pk}").exists()
    assert not Notice.objects.filter(user=cast.county).exists()
    client = sign_in(cast.deputy)
    page = client.get(f"/approvals/{approval.pk}/").content.decode()
    assert "批准以后" in page and "丰庆路街道" in page and "接任" in page
    assert client.post(f"/approvals/{approval.pk}/decide/", {"answer": "yes"}).status_code == 302
    post = posts().get()
    assert post.user.name == "罗佳0"
    approval.refresh_from_db()
    assert (approval.state, approval.decided_by) == ("approved", cast.deputy)
    assert Notice.objects.filter(user=cast.county, kind="approval").exists()
    assert not Notice.objects.filter(user=cast.city, key=f"approval:{approval.pk}").exists()  # taken back unread
    assert Record.objects.filter(verb="decide_approval", actor_id=cast.deputy.pk).count() == 1


def test_a_second_answer_changes_nothing(cast: Cast, sign_in: SignIn) -> None:
    approval, client = ask(cast), sign_in(cast.deputy)
    client.post(f"/approvals/{approval.pk}/decide/", {"answer": "yes"})
    answer = client.post(f"/approvals/{approval.pk}/decide/", {"answer": "no", "words": "不"})
    assert answer.status_code == 409
    approval.refresh_from_db()
    assert approval.state == "approved" and posts().count() == 1


def test_a_no_wants_words_and_keeps_what_was_asked(cast: Cast, sign_in: SignIn) -> None:
    approval, client = ask(cast), sign_in(cast.deputy)
    answer = client.post(f"/approvals/{approval.pk}/decide/", {"answer": "no", "words": ""})
    assert answer.status_code == 422 and "请写明原因" in answer.content.decode()
    client.post(f"/approvals/{approval.pk}/decide/", {"answer": "no", "words": "先走任命手续"})
    assert not posts().exists()
    assert "先走任命手续" in sign_in(cast.county).get(f"/approvals/{approval.pk}/").content.decode()


def test_nobody_decides_their_own_request(cast: Cast, sign_in: SignIn) -> None:
    approval = ask(cast)
    assert sign_in(cast.county).post(f"/approvals/{approval.pk}/decide/", {"answer": "yes"}).status_code == 403
    assert not posts().exists()


@pytest.mark.parametrize("who", ["other_county", "other_city", "town", "grid", "boss", "operator"])
def test_outsiders_do_not_find_it(cast: Cast, sign_in: SignIn, who: str) -> None:
    approval, client = ask(cast), sign_in(getattr(cast, who))
    assert client.get(f"/approvals/{approval.pk}/").status_code == 404
    assert client.post(f"/approvals/{approval.pk}/decide/", {"answer": "yes"}).status_code == 404
    assert client.post(f"/approvals/{approval.pk}/withdraw/").status_code == 404
    assert "罗佳" not in client.get("/approvals/").content.decode()


def test_whoever_is_meant_does_not_approve_themselves(cast: Cast) -> None:
    approval = ask_grant(
        "county_admin", phone=cast.deputy.phone, name="林静", by=cast.city, region_code="410102", because="兼任"
    )
    Post.objects.create(user=cast.deputy, role_id="city_admin", region_code="4101")
    cast.deputy.__dict__.pop("post", None)
    cast.deputy.post = Post.objects.get(user=cast.deputy, role="city_admin")
    with pytest.raises(Refused) as refused:
        decide_approval(approval, by=cast.deputy, approve=True)
    assert refused.value.code == "own_post"
    approval.refresh_from_db()
    assert approval.state == "asked"


def test_a_request_dies_with_the_post_of_whoever_asked(cast: Cast) -> None:
    approval = ask(cast)
    withdraw_post(cast.county.post, by=cast.city)
    with pytest.raises(Refused) as refused:
        decide_approval(approval, by=cast.deputy, approve=True)
    assert refused.value.code == "granter_left" and not posts().exists()


def test_it_is_withdrawn_by_its_author_once(cast: Cast, sign_in: SignIn) -> None:
    approval, client = ask(cast), sign_in(cast.county)
    assert sign_in(cast.deputy).post(f"/approvals/{approval.pk}/withdraw/").status_code == 404
    assert client.post(f"/approvals/{approval.pk}/withdraw/").status_code == 302
    with pytest.raises(Refused):
        withdraw_approval(approval, by=cast.county)
    with pytest.raises(Refused):
        decide_approval(approval, by=cast.deputy, approve=True)
    assert not Notice.objects.filter(key=f"approval:{approval.pk}").exists()


def test_the_same_person_is_asked_for_once(cast: Cast) -> None:
    ask(cast)
    with pytest.raises(Refused) as refused:
        ask(cast, by="deputy")
    assert refused.value.code == "asked_already"


def test_where_nobody_else_may_approve_it_is_said_at_once(cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        ask_grant("city_admin", phone=PHONE, name="罗佳", by=cast.province, region_code="4101", because="新任")
        Post.objects.filter(role="city_admin", region_code="4101").delete()
        ask_grant("city_admin", phone=demo_phone(5199), name="甲", by=cast.province, region_code="4101", because="新任")
    assert refused.value.code == "no_second_person"


def test_what_waits_is_due(cast: Cast) -> None:
    assert due_for(cast.deputy) == []
    approval = ask(cast)
    (due,) = due_for(cast.deputy)
    assert due.url == f"/approvals/{approval.pk}/" and "罗佳0" in str(due.title)
    assert due_for(cast.county) == [] and due_for(cast.worker) == [] and due_for(cast.other_county) == []


def test_the_list_has_three_views_and_says_what_next_when_empty(cast: Cast, sign_in: SignIn) -> None:
    county, deputy = sign_in(cast.county), sign_in(cast.deputy)
    assert "没有等您审批的事" in deputy.get("/approvals/").content.decode()
    ask(cast)
    assert "罗佳0" in deputy.get("/approvals/").content.decode()
    assert "罗佳0" not in county.get("/approvals/").content.decode()
    assert "罗佳0" in county.get("/approvals/?view=mine").content.decode()
    assert "还没有办结" in county.get("/approvals/?view=done").content.decode()
    assert deputy.get("/approvals/?view=%00&kind=x&page=abc").status_code == 200


def test_the_list_asks_the_same_for_many_as_for_few(cast: Cast, sign_in: SignIn) -> None:
    client, counts = sign_in(cast.deputy), []
    for start, end in ((0, 2), (2, 20)):
        for n in range(start, end):
            ask(cast, n)
        with CaptureQueriesContext(connection) as queries:
            client.get("/approvals/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_reading_decides_nothing(cast: Cast, sign_in: SignIn) -> None:
    approval, client = ask(cast), sign_in(cast.deputy)
    assert client.get(f"/approvals/{approval.pk}/decide/").status_code == 405
    assert client.post(f"/approvals/{approval.pk}/decide/", {"answer": "perhaps"}).status_code == 302
    approval.refresh_from_db()
    assert approval.state == "asked"
