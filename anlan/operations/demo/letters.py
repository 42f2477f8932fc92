"""Demo: letters in every state, two corrections, sources (one broken), collected texts, dead links, subscriptions. All invented."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from anlan.content.collecting.addresses import key_of
from anlan.content.collecting.queue import drop_collected
from anlan.content.collecting.sameness import bands, simhash
from anlan.content.letters.answering import answer_letter, correct_letter, publish_correction, take_letter
from anlan.content.letters.writing import write_letter
from anlan.content.links.checking import gather_links
from anlan.content.models import AllowedHost, Collected, Correction, Entry, Letter, Link, LinkUse, Source
from anlan.content.subscriptions.saving import save_subscription
from anlan.content.subscriptions.tell import announce
from anlan.operations.demo.cast import Cast

LETTERS: Final = (
    # kind, text, quote, what became of it, words
    ("error", "灭火毯盖上以后，文章里写“马上掀开看看”，这样火会再起来，应该等凉透。", "盖上后掀开看看", "new", ""),
    ("missing", "我们是做木门的小厂，喷漆房的事写得很少，能不能讲讲静电怎么防？", "", "working", ""),
    ("error", "消防法的条号好像不对，占用消防通道那一条我查到的是第二十八条。", "", "late", ""),
    ("other", "字再大一点就好了，我们车间里年纪大的多。", "", "answered", "页面最上面有“长者模式”，点开后字会变大，也会一直记住。"),
    ("error", "触电那一页第二步少写了“先断电再碰人”。", "用手把人拉开", "corrected", "您说得对，已经改过来了。谢谢您。"),
    ("unlawful", "文章里有个链接打开是卖证的网站。", "", "declined", "我们逐个打开核对过，没有发现这样的链接。如果还看到，请把网址发给我们。"),
)  # fmt: skip
ITEMS: Final = (
    ("关于加强冬季有限空间作业安全管理的通知（演示）", "有限空间作业前先通风、再检测、后作业。入冬以后，地下室、污水池通风差，风机要一直开着，外面要有人看着，出事不能盲目施救。", "new"),
    ("粉尘涉爆企业专项检查情况通报（演示）", "检查发现，除尘系统没有锁气卸灰、清扫记录不全、用压缩空气吹扫仍然是最常见的三类问题，已责令限期改正。", "new"),
    ("某木器厂除尘管道燃爆事故调查报告公布（演示）", "事故的直接原因是打磨产生的火花进入除尘管道，引燃积尘。管道没有装火花探测和熄灭装置，三个月没有清理。", "new"),
    ("机关干部参加义务植树活动（演示）", "春光明媚，机关干部来到郊外参加义务植树活动，共种下树苗三百余棵，为城市增添了一片新绿。", "dropped"),
    ("转发：粉尘涉爆企业专项检查情况通报（演示）", "检查发现，除尘系统没有锁气卸灰、清扫记录不全、用压缩空气吹扫仍然是最常见的三类问题，已责令限期改正。", "duplicate"),
)  # fmt: skip


def lay_letters(cast: Cast) -> None:
    """Lay what readers wrote, what was collected, and who wants to hear of what. Safe to run again."""
    if Letter.objects.exists():
        return
    _letters(cast)
    _collected(cast)
    _links()
    _subscriptions(cast)


def _letters(cast: Cast) -> None:
    now = timezone.now()
    card = Entry.objects.public().filter(section="knowledge").order_by("pk").first()
    about = card.get_absolute_url() if card else ""
    for n, (kind, text, quote, end, words) in enumerate(LETTERS):
        letter, _code = write_letter(
            kind=kind, text=text, quote=quote, about=about if kind == "error" else "", by=cast.worker if n % 2 else None
        )
        began = now - timedelta(days=9 - n)
        Letter.objects.filter(pk=letter.pk).update(created_at=began, sender="")
        if end == "working":
            take_letter(letter, by=cast.reviewer)
        elif end == "late":
            Letter.objects.filter(pk=letter.pk).update(due_at=now - timedelta(days=1))
        elif end == "corrected":
            title = str(card) if card else "应急知识"
            correct_letter(letter, by=cast.editor, title=title, wrong=quote, right="先断电，再碰人", words=words)
        elif end in ("answered", "declined"):
            answer_letter(letter, by=cast.editor, words=words, decline=end == "declined")
    publish_correction(
        title="有限空间出事，多半死在救人的人", url="/news/", wrong="检测合格后 60 分钟内进入", right="检测合格后 30 分钟内进入，中断超过 30 分钟要重新检测", by=cast.editor,
    )  # fmt: skip
    Correction.objects.update(published_at=now - timedelta(days=2))


def _collected(cast: Cast) -> None:
    now = timezone.now()
    well: dict[str, Any] = {
        "kind": "list",
        "active": True,
        "last_success_at": now - timedelta(hours=5),
        "next_at": now + timedelta(hours=19),
    }
    good, _new = Source.objects.get_or_create(
        url="https://aqj.example.invalid/tongzhi/",
        defaults={"name": "示例市应急管理局（演示）", "found": 5, "tags": ["通知"], **well},
    )
    Source.objects.get_or_create(
        url="https://xf.example.invalid/anli/",
        defaults={
            "name": "示例省消防网（演示）", "kind": "list", "section": "case", "rhythm": "weekly", "active": True, "failures": 4,
            "error": "页面不在了（404）。", "last_try_at": now - timedelta(hours=2), "last_success_at": now - timedelta(days=23),
            "next_at": now + timedelta(hours=6),
        },
    )  # fmt: skip
    first: dict[str, Collected] = {}
    for n, (title, text, state) in enumerate(ITEMS):
        url = f"https://aqj.example.invalid/tongzhi/{n}.html"
        digest = simhash(text)
        row = Collected(
            source=good, source_name=good.name, url=url, url_key=key_of(url), title=title, text=f"{text}\n{text}", summary=text[:90],
            site=good.name, published_on=timezone.localdate() - timedelta(days=n + 1), state="duplicate" if state == "duplicate" else "new",
            twin=first.get(text), section="case" if "事故调查" in title else "news",
        )  # fmt: skip
        if digest is not None:
            row.digest = f"{digest:016x}"
            row.band_0, row.band_1, row.band_2, row.band_3 = bands(digest)
        row.save()
        first.setdefault(text, row)
        if state == "dropped":
            drop_collected([row], by=cast.editor, reason="与安全生产无关")


def _links() -> None:
    gather_links()
    page = Entry.objects.public().filter(section="news").order_by("pk").first()
    if page is None:
        return
    now = timezone.now()
    link, _new = Link.objects.get_or_create(
        key=key_of("https://old.example.invalid/biaozhun.pdf"),
        defaults={
            "url": "https://old.example.invalid/biaozhun.pdf", "host": "old.example.invalid", "state": "broken", "strikes": 2,
            "status": 404, "words": "页面不在了（404）。", "checked_at": now, "broken_at": now - timedelta(days=1),
            "next_at": now + timedelta(days=6),
        },
    )  # fmt: skip
    LinkUse.objects.get_or_create(link=link, page=page, defaults={"words": "标准全文"})
    AllowedHost.objects.get_or_create(
        host="aqj.example.invalid", defaults={"reason": "示例市应急管理局（演示）", "by_name": "宋可"}
    )


def _subscriptions(cast: Cast) -> None:
    save_subscription(cast.manager, [("law", "安全生产法"), ("kind", "law")], rhythm="now", channels=["mail", "wechat"])
    save_subscription(cast.manager, [("kind", "case"), ("industry", "33")], rhythm="weekly", channels=["mail"])
    save_subscription(cast.boss, [("tag", "有限空间"), ("tag", "粉尘")], rhythm="daily", channels=[])
    announce(
        "demo:law", title="《安全生产法》修改征求意见（演示）", text="这是演示，不是真的消息。", url="/law/",
        marks={("law", "安全生产法"), ("kind", "law")},
    )  # fmt: skip
