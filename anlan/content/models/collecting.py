"""What is collected from official sites: where from, and what waits to be read. Nothing here is public."""

from __future__ import annotations

from typing import Any, Final

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.content.models.pages import Entry

BROKEN: Final = 3
"""Failures in a row after which a source counts as broken."""


def _edits(user: Any) -> bool:
    return bool(user.is_authenticated and user.may(powers.EDIT_CONTENT))


class SourceQuerySet(models.QuerySet["Source"]):
    """Reads over sources."""

    def visible_to(self, user: Any) -> SourceQuerySet:
        """Return all of them for editors, none for anybody else."""
        return self.all() if _edits(user) else self.none()

    def due(self) -> SourceQuerySet:
        """Return those that are switched on and whose hour has come, the longest waiting first."""
        now = timezone.now()
        rows = self.filter(active=True).filter(Q(next_at__isnull=True) | Q(next_at__lte=now))
        return rows.order_by(F("next_at").asc(nulls_first=True), "pk")

    def broken(self) -> SourceQuerySet:
        """Return those that failed several times in a row."""
        return self.filter(active=True, failures__gte=BROKEN)


class Source(models.Model):
    """A site that is read at its own pace: what to read, how often, how politely, and how it went."""

    class Kind(models.TextChoices):
        RSS = "rss", _("订阅源（RSS 或 Atom）")
        LIST = "list", _("列表页")
        SITEMAP = "sitemap", _("网站地图")
        LAW = "law", _("法规库的列表页")

    class Rhythm(models.TextChoices):
        DAILY = "daily", _("每天")
        WEEKLY = "weekly", _("每周")

    name = models.CharField(_("名称"), max_length=80)
    url = models.URLField(_("网址"), max_length=400, unique=True)
    kind = models.CharField(_("是什么页面"), max_length=8, choices=Kind.choices, default=Kind.LIST)
    section = models.CharField(
        _("采来做什么"), max_length=10, choices=[("news", _("资讯")), ("case", _("案例"))], default="news"
    )
    rhythm = models.CharField(_("多久看一次"), max_length=8, choices=Rhythm.choices, default=Rhythm.DAILY)
    pattern = models.CharField(
        _("只要这样的链接"),
        max_length=200,
        blank=True,
        help_text=_("用 * 代表任意字，例如“*/art/20*.html”；不填是全部"),
    )
    area = models.CharField(
        _("只看页面的这一块"),
        max_length=80,
        blank=True,
        help_text=_("“#编号”或“.样式名”，例如“#news-list”；不填是整页"),
    )
    hosts: Any = models.JSONField(default=list, blank=True, help_text="other hosts it may lead to")
    gap = models.PositiveSmallIntegerField(_("两次请求之间至少隔几秒"), default=5)
    most = models.PositiveSmallIntegerField(_("一次最多取几篇"), default=20)
    region_code = models.CharField(max_length=24, blank=True)
    tags: Any = models.JSONField(default=list, blank=True)
    active = models.BooleanField(_("启用"), default=False)
    official = models.BooleanField(default=False, help_text="shipped with the house")
    etag = models.CharField(max_length=200, blank=True, editable=False)
    modified = models.CharField(max_length=60, blank=True, editable=False, help_text="Last-Modified as it was sent")
    last_try_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_success_at = models.DateTimeField(null=True, blank=True, editable=False)
    next_at = models.DateTimeField(null=True, blank=True, editable=False)
    failures = models.PositiveSmallIntegerField(default=0, editable=False, help_text="in a row")
    error = models.CharField(max_length=300, blank=True, editable=False, help_text="the last one, in plain words")
    found = models.PositiveIntegerField(default=0, editable=False, help_text="texts collected so far")

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        indexes = [models.Index(fields=["active", "next_at"])]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """off, waiting (never read), ok, failing or broken."""
        if not self.active:
            return "off"
        if self.failures:
            return "broken" if self.failures >= BROKEN else "failing"
        return "ok" if self.last_success_at else "waiting"

    @property
    def state_words(self) -> str:
        """The state in a word or two."""
        words = {
            "off": _("没有启用"), "waiting": _("还没采过"), "ok": _("正常"), "failing": _("上次没采到"), "broken": _("连续失败"),
        }  # fmt: skip
        return str(words[self.state])

    @property
    def tone(self) -> str:
        """How the state is coloured."""
        return {"ok": "done", "broken": "late", "failing": "late"}.get(self.state, "")

    def can_edit(self, user: Any) -> bool:
        """Whether `user` may change it."""
        return _edits(user)


class CollectedQuerySet(models.QuerySet["Collected"]):
    """Reads over what was collected."""

    def visible_to(self, user: Any) -> CollectedQuerySet:
        """Return all of it for editors, nothing for anybody else."""
        return self.all() if _edits(user) else self.none()


class Collected(models.Model):
    """A text found elsewhere, waiting for an editor. It never becomes public by itself."""

    class State(models.TextChoices):
        NEW = "new", _("待处理")
        TAKEN = "taken", _("已转稿件")
        DROPPED = "dropped", _("不用")
        DUPLICATE = "duplicate", _("重复")

    source = models.ForeignKey(Source, null=True, on_delete=models.SET_NULL, related_name="items")
    source_name = models.CharField(max_length=80)
    url = models.URLField(max_length=600)
    url_key = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the canonical address")
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    summary = models.CharField(max_length=300, blank=True)
    site = models.CharField(max_length=80, blank=True, help_text="who published it, as the page says")
    published_on = models.DateField(null=True, blank=True)
    digest = models.CharField(max_length=16, blank=True, help_text="simhash of the text, 64 bits in hex")
    band_0 = models.PositiveIntegerField(default=0, db_index=True)
    band_1 = models.PositiveIntegerField(default=0, db_index=True)
    band_2 = models.PositiveIntegerField(default=0, db_index=True)
    band_3 = models.PositiveIntegerField(default=0, db_index=True)
    twin = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="copies")
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    section = models.CharField(max_length=10, default="news")
    is_law = models.BooleanField(default=False, help_text="a statute: goes to the law desk, not to an article")
    assigned_to = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    page = models.ForeignKey(Entry, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=200, blank=True, help_text="why it was dropped")
    decided_name = models.CharField(max_length=60, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    collected_at = models.DateTimeField(auto_now_add=True)

    objects = CollectedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["state", "-id"])]

    def __str__(self) -> str:
        return self.title

    @property
    def tone(self) -> str:
        """How the state is coloured."""
        return {"new": "live", "taken": "done"}.get(self.state, "")
