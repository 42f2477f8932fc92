"""Recommendations: nothing is remembered without consent, and it is forgotten on request."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from anlan.accounts.models import User
from anlan.content import recommend
from anlan.content.models import Entry, Reading
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]
Publish = Callable[..., Entry]


def test_nothing_is_remembered_without_consent(cast: Cast, sign_in: SignIn, publish: Publish) -> None:
    page = publish("叉车怎么停", tags=["叉车"])
    client = sign_in(cast.teacher)
    assert client.post(f"/recommended/note/{page.pk}/").json() == {"noted": False} and not Reading.objects.exists()
    visitor = Client(enforce_csrf_checks=True)
    assert (
        visitor.post(f"/recommended/note/{page.pk}/").json() == {"noted": False}
        and recommend.COOKIE not in visitor.cookies
    )


def test_readers_with_an_account_get_what_they_like_and_can_forget_it(
    cast: Cast, sign_in: SignIn, publish: Publish
) -> None:
    page = publish("叉车怎么停", tags=["叉车"])
    publish("叉车怎么充电", tags=["叉车", "充电"])
    publish("食堂怎么洗菜", tags=["食堂"])
    client = sign_in(cast.teacher)
    client.post("/recommended/choose/", {"do": "on"})
    assert client.post(f"/recommended/note/{page.pk}/").json() == {"noted": True}
    html = client.get("/recommended/").content.decode()
    assert "叉车怎么充电" in html and "您常看“叉车”" in html and "食堂" not in html
    assert "叉车怎么充电" in client.get("/recommended/", headers={"HX-Request": "true"}).content.decode()
    block = client.get(f"/recommended/?page={page.pk}", headers={"HX-Request": "true"}).content.decode()
    assert "叉车怎么充电" in block and "叉车怎么停" not in block  # never the page that is being read
    client.post("/recommended/choose/", {"do": "off"})
    reading = Reading.objects.get()
    assert not reading.on and reading.tags == {}
    assert client.post("/recommended/choose/", {"do": "x"}).status_code == 404


def test_of_visitors_only_their_own_browser_remembers(db: None, publish: Publish) -> None:
    page = publish("叉车怎么停", tags=["叉车"])
    publish("叉车怎么充电", tags=["叉车"])
    client = Client(enforce_csrf_checks=True)
    client.post("/recommended/choose/", {"do": "on"})
    assert client.post(f"/recommended/note/{page.pk}/").json() == {"noted": True}
    assert "叉车怎么充电" in client.get("/recommended/").content.decode()
    assert not Reading.objects.exists()
    client.cookies[recommend.COOKIE] = "forged"
    assert "叉车怎么充电" not in client.get("/recommended/").content.decode()


def test_the_trade_of_the_firm_counts(cast: Cast, sign_in: SignIn, publish: Publish) -> None:
    publish("锻造车间的噪声", tags=["噪声"], industries=["33"])
    assert "与您单位的行业有关" in sign_in(cast.manager).get("/recommended/").content.decode()
    assert "锻造车间的噪声" not in sign_in(cast.teacher).get("/recommended/").content.decode()


def test_old_interests_are_overtaken() -> None:
    tags: dict[str, int] = {"旧": recommend.CAP}
    for _n in range(recommend.CAP):
        tags = recommend.counted(tags, ["新"])
    tags = recommend.counted(tags, ["新"])
    assert (
        tags["新"] >= tags["旧"]
        and len(recommend.counted({f"t{n}": 1 for n in range(40)}, ["x"])) == recommend.MOST_TAGS
    )
