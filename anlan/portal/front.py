"""What the public home page shows, all of it from the facts: new statutes, emergencies, news, a case, courses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import Count, Max, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from anlan.content.citing import Chip, chips
from anlan.content.models import CasePage, Entry, KnowledgeCard, NewsPage
from anlan.law.models import Version
from anlan.training.models import Course, CourseCase
from anlan.ui.caching import Stamp

POPULAR: Final = (
    _lazy("安法 41"), _lazy("新员工要训多少学时"), _lazy("有限空间"), _lazy("动火"), _lazy("电工证"), _lazy("工伤"),
)  # fmt: skip
URGENT: Final[dict[str, str]] = {
    "electric-shock": "bolt", "confined-space": "wind", "fire-escape": "flame", "fall-from-height": "stairs-down",
    "gas-leak": "flask", "severe-bleeding": "first-aid-kit",
}  # fmt: skip
"""The cards of the most frequent deadly accidents, with their icons; others fill up what a house does not have."""
NEW_DAYS: Final = 400
"""How long a statute that came into force counts as new."""


@dataclass(frozen=True, slots=True)
class Door:
    """A way in: what for, one line about it, what the press does."""

    icon: str
    title: str | Promise
    text: str | Promise
    does: str | Promise
    url: str


DOORS: Final = (
    ("scale", _lazy("查法条"), _lazy("现行文本，条条有白话要义"), _lazy("看法律法规"), "law:statutes"),
    ("first-aid-kit", _lazy("应急知识"), _lazy("三步卡片，没网也能看"), _lazy("看应急卡片"), "content:knowledge"),
    ("book-2", _lazy("我要学习"), _lazy("登录后看到今年还差几学时"), _lazy("去学习"), "training:mine"),
    ("list-check", _lazy("合规自查"), _lazy("十几分钟看清差在哪，不登录"), _lazy("去自查"), "supervision:selfchecks"),
    ("pencil-check", _lazy("模拟考试"), _lazy("考完马上看到弱在哪里"), _lazy("去练习"), "exams:mocks"),
    ("certificate", _lazy("验证书"), _lazy("输编号或扫码，不用登录"), _lazy("去验证"), "certificates:verify"),
    ("alert-triangle", _lazy("报错和建议"), _lazy("哪里写错了、缺什么，都告诉我们"), _lazy("去写信"), "content:letter"),
    ("building-factory-2", _lazy("办企业的事"), _lazy("花名册、台账、隐患、培训"), _lazy("进入企业"), "portal:home"),
)  # fmt: skip


def doors() -> list[Door]:
    """The ways in that this house has."""
    found = []
    for icon, title, text, does, name in DOORS:
        try:
            found.append(Door(icon, title, text, does, reverse(name)))
        except NoReverseMatch:
            continue
    return found


@dataclass(frozen=True, slots=True)
class Fresh:
    """A line of 新法新规: a statute that came or comes into force, or a text about one."""

    state: str
    tone: str
    title: str
    text: str
    url: str
    day: Any


def fresh_law() -> list[Fresh]:
    """Statutes to come, then those that came into force within some 400 days, the newest first. One query."""
    today = timezone.localdate()
    rows = Version.objects.select_related("statute").defer("preamble", "history", "doubts")
    rows = rows.filter(effective_on__gte=today - timedelta(days=NEW_DAYS), repealed=False, ended_on=None)
    found = []
    for version in rows.order_by("-effective_on", "-pk")[:6]:
        day = version.effective_on
        try:
            url = reverse("law:version", args=[version.statute.slug, version.key])
        except NoReverseMatch:
            continue
        if day is not None and day > today:
            text = _("%(m)d 月 %(d)d 日起施行，还有 %(n)d 天准备") % {
                "m": day.month,
                "d": day.day,
                "n": (day - today).days,
            }
            found.append(Fresh(_("即将施行"), "live", version.statute.short, text, url, day))
        elif day is not None:
            text = _("%(y)d 年 %(m)d 月 %(d)d 日起施行") % {"y": day.year, "m": day.month, "d": day.day}
            found.append(Fresh(_("现行有效"), "done", version.statute.short, text, url, day))
    return found


def news(count: int) -> list[NewsPage]:
    """The latest articles. One query."""
    return list(NewsPage.objects.public().newest().defer("body")[:count])


def urgent() -> list[tuple[KnowledgeCard, str]]:
    """Up to six cards with their icons, those that save lives first. One query."""
    cards = KnowledgeCard.objects.public().defer("body")
    order = list(URGENT)
    rows = sorted(cards.order_by("slug"), key=lambda card: order.index(card.slug) if card.slug in order else len(order))
    return [(card, URGENT.get(card.slug, "first-aid-kit")) for card in rows[:6]]


def case() -> tuple[CasePage | None, list[Chip]]:
    """The latest case and the articles it violated. Two queries."""
    found = CasePage.objects.public().newest().first()
    if found is None:
        return None, []
    return found, chips([row["cite"] for row in found.violated if row.get("cite")][:3])


def courses() -> list[Course]:
    """The latest courses with their length. One query."""
    rows = Course.objects.visible_to(None).annotate(
        lesson_count=Count("lessons"), minutes=Coalesce(Sum("lessons__duration_ms"), 0) / 60_000
    )
    return list(rows.order_by("-published_at", "pk")[:4])


def course_case() -> CourseCase | None:
    """A case of a course, for a house whose editors have published none. One query."""
    shown = CourseCase.objects.filter(course__in=Course.objects.visible_to(None)).select_related("course")
    return shown.order_by("pk").first()


def stamp(_request: HttpRequest) -> Stamp:
    """What the page is made of. Three queries; the day stands in the tag anyway."""
    content = Entry.objects.public().aggregate(Max("last_published_at"), Max("pk"), Count("pk"))
    law = Version.objects.aggregate(Max("imported_at"), Max("pk"), Count("pk"))
    shelf = Course.objects.visible_to(None).aggregate(Max("published_at"), Max("version"), Count("pk"))
    return (*content.values(), *law.values(), *shelf.values())
