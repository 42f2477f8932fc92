"""Subscriptions: everybody whom a text concerns is told once, in time, and can leave with one click."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client
from django.utils import timezone

from anlan.accounts.models import User
from anlan.channels.tests.wechat_server import WeChat
from anlan.content.models import Announcement, Entry, Heard, Subscription, Term, Visitor, VisitorLetter
from anlan.content.subscriptions.conditions import estimate, industry_marks, marks_of, region_marks, satisfies
from anlan.content.subscriptions.law_news import tell_law
from anlan.content.subscriptions.saving import ask_visitor, save_subscription
from anlan.content.subscriptions.sending import forget_unconfirmed, send_digests, send_letters
from anlan.content.subscriptions.tell import announce, tell, tell_missed
from anlan.law.models import Article, Provision, Statute, Version
from anlan.lib.dates import SHANGHAI
from anlan.lib.errors import Refused
from anlan.notifications.delivery import send_due
from anlan.notifications.models import Delivery, Notice, Preference
from anlan.operations.demo.cast import Cast

SignIn = Callable[[User], Client]
Publish = Callable[..., Entry]
NOW = "now"


def subscribe(user: User, *terms: tuple[str, str], rhythm: str = NOW, channels: tuple[str, ...] = ()) -> Subscription:
    return save_subscription(user, terms, rhythm=rhythm, channels=channels)


def told(user: User) -> list[str]:
    return list(user.notices.filter(kind="subscribed").order_by("pk").values_list("title", flat=True))


def test_a_release_reaches_those_it_concerns_and_nobody_else(
    cast: Cast, publish: Publish, django_capture_on_commit_callbacks: Any
) -> None:
    subscribe(cast.manager, ("tag", "叉车"))
    subscribe(cast.boss, ("tag", "叉车"), ("kind", "case"))  # both must fit
    subscribe(cast.worker, ("tag", "叉车"), ("tag", "粉尘"), ("kind", "news:expert"))
    subscribe(cast.county, ("region", "4101"))
    subscribe(cast.town, ("industry", "33"))
    subscribe(cast.grid, ("law", "安全生产法"))
    with django_capture_on_commit_callbacks(execute=True):
        publish("叉车怎么停", tags=["叉车"], regions=["410105"], industries=["C"], cites=["安全生产法:36"])
    for user in (cast.manager, cast.worker, cast.county, cast.town, cast.grid):
        assert told(user) == ["叉车怎么停"], user.name
    assert told(cast.boss) == []
    announcement = Announcement.objects.get()
    assert announcement.told == 5 and announcement.told_at


def test_released_again_nobody_is_told_twice(cast: Cast, publish: Publish) -> None:
    subscribe(cast.manager, ("tag", "叉车"))
    subscribe(cast.manager, ("kind", "news:expert"))  # two of one's own
    page = publish("叉车怎么停", tags=["叉车"])
    from anlan.content.subscriptions import tell as module

    module.publish(page)
    module.publish(page)
    assert told(cast.manager) == ["叉车怎么停"]
    assert tell(Announcement.objects.get()) == 0


def test_what_a_crash_left_untold_is_made_up(cast: Cast, publish: Publish) -> None:
    subscribe(cast.manager, ("tag", "叉车"))
    publish("叉车怎么停", tags=["叉车"])  # the test's transaction never commits: as if the process died after it
    assert told(cast.manager) == []
    assert tell_missed() == 1 and tell_missed() == 0
    assert told(cast.manager) == ["叉车怎么停"]


@pytest.mark.parametrize(
    ("terms", "fits"),
    [
        ([("tag", "叉车")], True), ([("tag", "电焊")], False), ([("tag", "电焊"), ("tag", "叉车")], True),
        ([("tag", "叉车"), ("region", "4103")], False), ([("region", "41")], True), ([("region", "410105018")], True),
        ([("industry", "C")], True), ([("industry", "33")], True), ([("industry", "34")], False),
        ([("law", "安全生产法:36")], True), ([("law", "安全生产法:37")], False), ([("law", "消防法")], False), ([], False),
    ],
)  # fmt: skip
def test_one_rule_in_python_and_in_sql(cast: Cast, terms: list[tuple[str, str]], fits: bool) -> None:
    marks = {
        ("tag", "叉车"),
        ("kind", "news:expert"),
        *region_marks("410105"),
        *industry_marks("3391"),
        ("law", "安全生产法:36"),
        ("law", "安全生产法"),
    }
    assert satisfies(terms, marks) is fits
    row = Subscription.objects.create(user=cast.manager, rhythm=NOW, facets=len({facet for facet, _v in terms}))
    Term.objects.bulk_create(Term(subscription=row, facet=facet, value=value) for facet, value in terms)
    assert Subscription.objects.matching(marks).exists() is fits


def test_a_whole_section_concerns_its_divisions() -> None:
    assert ("industry", "33") in industry_marks("C") and ("industry", "47") not in industry_marks("C")
    assert industry_marks("47") == {("industry", "47"), ("industry", "E")}


def test_the_estimate_counts_what_would_have_come(cast: Cast, publish: Publish) -> None:
    publish("叉车怎么停", tags=["叉车"])
    publish("行车怎么吊", tags=["起重"])
    old = publish("去年的叉车", tags=["叉车"])
    Entry.objects.filter(pk=old.pk).update(first_published_at=timezone.now() - timedelta(days=31))
    assert estimate([("tag", "叉车")]) == 1 and estimate([("kind", "news:expert")]) == 2
    assert estimate([("tag", "没有")]) == 0


def test_ten_thousand_inboxes_are_filled_in_seconds(cast: Cast) -> None:
    users = User.objects.bulk_create([User(name=f"读者{n}", is_demo=True) for n in range(10_000)], batch_size=1000)
    rows = Subscription.objects.bulk_create(
        [Subscription(user=user, rhythm=NOW, facets=1) for user in users], batch_size=1000
    )
    Term.objects.bulk_create([Term(subscription=row, facet="tag", value="叉车") for row in rows], batch_size=1000)
    began = time.perf_counter()
    announcement = announce("page:1", title="叉车怎么停", text="", url="/news/x/", marks={("tag", "叉车")})
    took = time.perf_counter() - began
    assert announcement.told == 10_000 and Notice.objects.filter(kind="subscribed").count() == 10_000
    assert took < 5


# ---- channels


def test_letters_short_messages_and_wechat_go_out_as_chosen(cast: Cast, settings: Any) -> None:
    settings.ANLAN_WECHAT_URL = ""
    Preference.objects.create(
        user=cast.manager, email="m@demo.invalid", email_confirmed_at=timezone.now(), mail={"training": "never"}
    )
    User.objects.filter(pk=cast.manager.pk).update(phone_verified=True)
    SocialAccount.objects.create(
        user=cast.manager, provider="weixin", uid="openid-1", extra_data={"openid": "openid-1"}
    )
    subscription = subscribe(cast.manager, ("tag", "叉车"), channels=("mail", "sms", "wechat", "nonsense"))
    assert subscription.channels == ["mail", "sms", "wechat"]
    announce("page:1", title="叉车怎么停", text="停稳", url="/news/x/", marks={("tag", "叉车")})
    made = {row.channel: row for row in Delivery.objects.all()}
    assert made["mail"].state == "queued" and made["wechat"].state == "skipped" and "公众号" in made["wechat"].because
    send_due()
    letter = mail.outbox[0]
    assert letter.subject == "叉车怎么停" and "/news/x/" in letter.body
    leave = re.search(r"<(http[^>]+)>", letter.extra_headers["List-Unsubscribe"])
    assert leave and letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = leave[1].split("/", 3)[3]
    assert Client(enforce_csrf_checks=True).get(f"/{path}").status_code == 200
    subscription.refresh_from_db()
    assert "mail" in subscription.channels  # a link that is only looked at changes nothing
    assert Client(enforce_csrf_checks=True).post(f"/{path}", {"List-Unsubscribe": "One-Click"}).status_code == 200
    subscription.refresh_from_db()
    assert subscription.channels == ["sms", "wechat"] and subscription.active


def test_wechat_goes_to_the_account_that_was_bound(cast: Cast, wechat: WeChat) -> None:
    SocialAccount.objects.create(user=cast.manager, provider="weixin", uid="u", extra_data={"openid": "openid-1"})
    Preference.objects.create(user=cast.manager, quiet_from=datetime.min.time(), quiet_until=datetime.min.time())
    subscribe(cast.manager, ("tag", "叉车"), channels=("wechat",))
    subscribe(cast.boss, ("tag", "叉车"), channels=("wechat",))
    announce("page:1", title="叉车怎么停", text="停稳", url="/news/x/", marks={("tag", "叉车")})
    assert Delivery.objects.get(user=cast.boss).because == "没有绑定微信"
    assert send_due() == 1
    (message,) = wechat.arrived
    assert message["touser"] == "openid-1" and message["data"]["first"] == {"value": "叉车怎么停"}
    assert Delivery.objects.get(user=cast.manager).sent_id == "200228332"


def test_whoever_stopped_all_letters_gets_none_until_they_ask_again(cast: Cast) -> None:
    Preference.objects.create(user=cast.manager, email="m@demo.invalid", email_confirmed_at=timezone.now(), mail={})
    subscription = subscribe(cast.manager, ("tag", "叉车"))
    Subscription.objects.update(channels=["mail"])
    announce("page:1", title="一", text="", url="/x/", marks={("tag", "叉车")})
    assert Delivery.objects.get().state == "skipped"
    save_subscription(cast.manager, [("tag", "叉车")], rhythm=NOW, channels=["mail"], subscription=subscription)
    announce("page:2", title="二", text="", url="/y/", marks={("tag", "叉车")})
    assert Delivery.objects.filter(state="queued").count() == 1


# ---- digests


def moment(day: int) -> datetime:
    """Half past seven in Shanghai; 23 November 2026 is a Monday."""
    return datetime(2026, 11, day, 7, 40, tzinfo=SHANGHAI)


def test_digests_merge_all_subscriptions_and_say_each_text_once(cast: Cast) -> None:
    Preference.objects.create(
        user=cast.manager, email="m@demo.invalid", email_confirmed_at=timezone.now(), mail={"x": "never"}
    )
    subscribe(cast.manager, ("tag", "叉车"), rhythm="daily", channels=("mail",))
    subscribe(cast.manager, ("kind", "news:expert"), rhythm="daily")
    subscribe(cast.boss, ("tag", "叉车"), rhythm="weekly")
    for n in (1, 2, 3):
        announce(
            f"page:{n}", title=f"第{n}篇", text="", url=f"/news/{n}/", marks={("tag", "叉车"), ("kind", "news:expert")}
        )
    assert told(cast.manager) == [] and Heard.objects.count() == 9
    assert send_digests(moment(24)) == 1  # Tuesday
    assert told(cast.manager) == ["您订阅的内容有 3 条新的"] and told(cast.boss) == []
    send_due(moment(24) + timedelta(days=3650))
    assert mail.outbox[0].body.count("第2篇") == 1
    assert send_digests(moment(24)) == 0
    assert send_digests(moment(30)) == 1 and told(cast.boss) == ["您订阅的内容有 3 条新的"]  # Monday


# ---- visitors


def test_a_visitor_confirms_reads_and_leaves(cast: Cast, settings: Any) -> None:
    client = Client()
    data = {"email": "Reader@demo.invalid", "tag": "叉车", "rhythm": NOW}
    assert client.post("/subscriptions/new/", data).status_code == 302
    announce("page:1", title="还没确认", text="", url="/x/", marks={("tag", "叉车")})
    assert VisitorLetter.objects.count() == 1 and send_letters() == 1
    path = re.search(r"/subscriptions/confirm/\S+", mail.outbox[0].body)
    assert path and Visitor.objects.get().email == "Reader@demo.invalid"
    assert Client().get(path[0]).status_code == 200 and not Subscription.objects.get().active
    assert Client().post(path[0]).status_code == 200 and Subscription.objects.get().active
    assert Client().post(path[0]).status_code == 200  # twice is harmless
    announce("page:2", title="叉车怎么停", text="", url="/y/", marks={("tag", "叉车")})
    send_letters()
    assert mail.outbox[1].subject == "叉车怎么停" and mail.outbox[1].to == ["Reader@demo.invalid"]
    leave = re.search(r"/subscriptions/stop/[^\s>]+", mail.outbox[1].extra_headers["List-Unsubscribe"])
    assert (
        leave and Client(enforce_csrf_checks=True).post(leave[0], {"List-Unsubscribe": "One-Click"}).status_code == 200
    )
    assert not Subscription.objects.exists() and not Visitor.objects.exists()
    assert Client().post(path[0]).status_code == 422
    assert Client().post("/subscriptions/stop/forged/").status_code == 422


def test_the_form_pesters_nobody_and_tells_nobody_who_is_known(db: None) -> None:
    for _n in range(5):
        ask_visitor("a@demo.invalid", [("tag", "叉车")], rhythm="daily")
    assert VisitorLetter.objects.count() == 3
    client = Client()
    answers = [
        client.post("/subscriptions/new/", {"email": "a@demo.invalid", "tag": "叉车", "rhythm": "daily"})
        for _n in range(11)
    ]
    assert {answer.status_code for answer in answers[:10]} == {302} and answers[10].status_code == 429
    Subscription.objects.update(created_at=timezone.now() - timedelta(days=3))
    Visitor.objects.update(asked_at=timezone.now() - timedelta(days=3))
    forget_unconfirmed()
    assert not Visitor.objects.exists()


def test_a_machine_in_the_trap_writes_to_nobody(db: None) -> None:
    Client().post("/subscriptions/new/", {"email": "a@demo.invalid", "tag": "叉车", "rhythm": "daily", "website": "x"})
    assert not Visitor.objects.exists()


# ---- pages


def test_a_person_subscribes_estimates_changes_and_ends(cast: Cast, sign_in: SignIn, publish: Publish) -> None:
    publish("叉车怎么停", tags=["叉车"])
    Statute.objects.create(slug="演示法", title="演示法", short="演示法", level="law")
    client = sign_in(cast.manager)
    data = {"tag": "叉车、起重", "law": "《演示法》第十二条", "rhythm": "daily", "channels": ["mail"]}
    assert (
        "过去 30 天"
        in client.post("/subscriptions/new/", {"tag": "叉车", "rhythm": "daily", "estimate": "1"}).content.decode()
    )
    fragment = client.post(
        "/subscriptions/new/", {"tag": "叉车", "rhythm": "daily", "estimate": "1"}, headers={"HX-Request": "true"}
    )
    assert "<html" not in fragment.content.decode() and ">1</b>" in fragment.content.decode()
    assert client.post("/subscriptions/new/", data).status_code == 302
    row = Subscription.objects.get()
    assert {(t.facet, t.value) for t in row.terms.all()} == {("tag", "叉车"), ("tag", "起重"), ("law", "演示法:12")}
    assert "叉车、起重" in client.get("/subscriptions/").content.decode()
    assert client.get(f"/subscriptions/{row.pk}/").status_code == 200
    assert client.post(f"/subscriptions/{row.pk}/", {"tag": "叉车", "rhythm": "now"}).status_code == 302
    assert sign_in(cast.boss).get(f"/subscriptions/{row.pk}/").status_code == 404
    assert sign_in(cast.boss).post(f"/subscriptions/{row.pk}/drop/").status_code == 404
    assert Client().get(f"/subscriptions/{row.pk}/").status_code == 404
    assert client.post(f"/subscriptions/{row.pk}/drop/").status_code == 302 and not Subscription.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"law": "没有这部法"},
        {"industry": "乱写"},
        {"region": "亚特兰蒂斯"},
        {"tag": "长" * 30},
        {"kind": "nonsense"},
        {"rhythm": "x", "tag": "叉车"},
    ],
)
def test_conditions_that_cannot_be_read_are_refused(cast: Cast, sign_in: SignIn, wrong: dict[str, str]) -> None:
    assert sign_in(cast.manager).post("/subscriptions/new/", {"rhythm": "daily", **wrong}).status_code == 422


def test_nobody_hoards_subscriptions(cast: Cast) -> None:
    for n in range(Subscription.MOST):
        subscribe(cast.manager, ("tag", f"t{n}"))
    with pytest.raises(Refused):
        subscribe(cast.manager, ("tag", "x"))


def test_pages_for_everybody(db: None, publish: Publish) -> None:
    publish("叉车怎么停 & <b>", tags=["叉车"])
    for path in (
        "/subscriptions/",
        "/subscriptions/new/",
        "/subscriptions/sent/",
        "/feeds/",
        "/recommended/",
        "/write/",
        "/write/follow/",
        "/corrections/",
    ):
        assert Client().get(path).status_code == 200, path


def test_feeds_hold_what_is_public_and_are_kept(db: None, publish: Publish, write: Publish) -> None:
    publish("叉车怎么停 & <b>", tags=["叉车"])
    write("还没公开的", tags=["叉车"])
    for path in ("/feeds/all.xml", "/feeds/news-expert.xml", "/feeds/all.atom", "/feeds/tag/叉车.xml"):
        found = Client().get(path)
        body = found.content.decode()
        assert found.status_code == 200 and "叉车怎么停 &amp; &lt;b&gt;" in body and "还没公开" not in body, path
        assert "http://" in body and "xml" in found["Content-Type"]
        assert Client().get(path, HTTP_IF_NONE_MATCH=found["ETag"]).status_code == 304
    assert "叉车怎么停" not in Client().get("/feeds/case.xml").content.decode()
    assert Client().get("/feeds/nonsense.xml").status_code == 404 and Client().get("/feeds/law.xml").status_code == 200


# ---- the law


def version(statute: Statute, key: str, texts: dict[str, str], starts: str, articles: dict[str, Article]) -> Version:
    made = Version.objects.create(
        statute=statute, key=key, adopted_on=key, effective_on=starts, source="test", digest=key
    )
    for n, (ref, text) in enumerate(texts.items()):
        article = articles.setdefault(ref, Article.objects.create(statute=statute, ref=ref))
        Provision.objects.create(
            version=made, position=n, kind="article", ref=ref, text=text, digest=text[:16], article=article
        )
    made.refresh_from_db()
    return made


def test_a_new_version_tells_those_who_watch_the_articles_it_changes(cast: Cast) -> None:
    statute = Statute.objects.create(slug="演示法", title="演示法", short="演示法", level="law")
    articles: dict[str, Article] = {}
    version(statute, "2014-01-01", {"1": "甲", "2": "乙"}, "2014-03-01", articles)
    subscribe(cast.manager, ("law", "演示法:2"))
    subscribe(cast.boss, ("law", "演示法:1"))
    subscribe(cast.worker, ("kind", "law"))
    today = date(2026, 11, 22)
    assert tell_law(today) == 0  # an old text that is imported is no news
    version(statute, "2026-11-10", {"1": "甲", "2": "丙", "3": "丁"}, "2026-12-01", articles)
    assert tell_law(today) == 1 and tell_law(today) == 0
    assert told(cast.manager) == ["《演示法》有新文本"] and told(cast.boss) == [] and len(told(cast.worker)) == 1
    assert "改了 2 条" in cast.manager.notices.get().text
    assert tell_law(date(2026, 12, 1)) == 1
    assert told(cast.manager)[-1].endswith("起施行") and tell_law(date(2026, 12, 2)) == 0


def test_marks_of_a_page_name_all_it_is_about(publish: Publish) -> None:
    page = publish("叉车怎么停", tags=["叉车"], regions=["4101"], cites=["安全生产法:36"])
    assert {
        ("kind", "news:expert"),
        ("tag", "叉车"),
        ("region", "41"),
        ("region", "4101"),
        ("law", "安全生产法"),
    } <= marks_of(page)
