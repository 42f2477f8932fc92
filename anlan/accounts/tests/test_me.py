"""One's own page: numbers, posts, language and size."""

from collections.abc import Callable

import pytest
from django.test import Client

from anlan.accounts.models import Post, User
from anlan.audit.models import Record
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]


def test_numbers_are_masked_until_asked_for(cast: Cast, sign_in: SignIn) -> None:
    client, worker = sign_in(cast.worker), cast.worker
    page = client.get("/me/").content.decode()
    assert worker.phone not in page and worker.id_number not in page
    assert worker.phone_masked in page and worker.id_masked in page
    shown = client.post(f"/people/{worker.pk}/phone/", headers={"HX-Request": "true"}).content.decode()
    assert worker.phone in shown and "<html" not in shown
    assert worker.id_number in client.post(f"/people/{worker.pk}/id_number/").content.decode()
    records = Record.objects.filter(verb="reveal", actor_id=worker.pk).order_by("id")
    assert [record.detail for record in records] == [{"field": "phone"}, {"field": "id_number"}]


def test_a_full_number_is_never_kept_by_the_browser(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.worker).post(f"/people/{cast.worker.pk}/phone/")
    assert "no-store" in answer["Cache-Control"]


def test_a_number_is_not_shown_by_a_link(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.worker).get(f"/people/{cast.worker.pk}/phone/").status_code == 405


@pytest.mark.parametrize("who", ["other_boss", "other_county", "worker", "teacher", "operator", "auditor", "town"])
def test_whoever_may_not_see_gets_404_and_no_record(cast: Cast, sign_in: SignIn, who: str) -> None:
    answer = sign_in(getattr(cast, who)).post(f"/people/{cast.manager.pk}/phone/")
    assert answer.status_code == 404
    assert cast.manager.phone not in answer.content.decode()
    assert not Record.objects.filter(verb="reveal").exists()


@pytest.mark.parametrize("who", ["boss", "county", "city", "province"])
def test_whoever_may_see_in_scope_is_recorded(cast: Cast, sign_in: SignIn, who: str) -> None:
    answer = sign_in(getattr(cast, who)).post(f"/people/{cast.manager.pk}/phone/")
    assert cast.manager.phone in answer.content.decode()
    record = Record.objects.get(verb="reveal")
    assert (record.actor_id, record.subject_id, record.region_code) == (
        getattr(cast, who).pk, str(cast.manager.pk), cast.forge.region_code,
    )  # fmt: skip


def test_one_person_with_two_posts_switches_between_them(cast: Cast, sign_in: SignIn) -> None:
    second = Post.objects.create(user=cast.worker, role_id="safety_manager", organisation=cast.bakery)
    client = sign_in(cast.worker)
    page = client.get("/me/").content.decode()
    assert "叉车工" in page and cast.bakery.name in page and page.count("正在用") == 1
    assert client.post(f"/me/posts/{second.pk}/act/").status_code == 302
    worker = User.objects.get(pk=cast.worker.pk)
    assert worker.post == second and worker.may("manage_enterprise")
    assert Record.objects.get(verb="act_in_post").detail["scope"] == cast.bakery.name
    client.post(f"/me/posts/{second.pk}/act/")
    assert Record.objects.filter(verb="act_in_post").count() == 1


def test_anothers_or_an_ended_post_cannot_be_taken(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.worker)
    assert client.post(f"/me/posts/{cast.boss.post.pk}/act/").status_code == 404
    old = Post.objects.create(user=cast.worker, role_id="teacher", organisation=cast.school, until="2024-01-01")
    assert client.post(f"/me/posts/{old.pk}/act/").status_code == 404
    assert client.get(f"/me/posts/{cast.worker.post.pk}/act/").status_code == 405


def test_a_withdrawn_post_stops_at_once(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    Post.objects.filter(user=cast.manager).update(until="2024-01-01")
    assert client.get("/people/").status_code == 403
    assert "还没有身份" in client.get("/me/").content.decode()


def test_language_and_large_type_stay_with_the_person(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.worker)
    answer = client.post("/me/preferences/", {"elder": "on", "language": "en"})
    assert (answer.cookies["elder"].value, answer.cookies["django_language"].value) == ("on", "en")
    worker = User.objects.get(pk=cast.worker.pk)
    assert worker.elder and worker.language == "en"
    client.post("/me/preferences/", {"elder": "maybe", "language": "xx", "next": "https://example.org/"})
    worker.refresh_from_db()
    assert worker.elder and worker.language == "en"


def test_the_operator_alone_reads_what_is_not_configured(cast: Cast, sign_in: SignIn) -> None:
    assert "微信、钉钉登录还没有配置" in sign_in(cast.operator).get("/me/").content.decode()
    assert "还没有配置" not in sign_in(cast.worker).get("/me/").content.decode()
