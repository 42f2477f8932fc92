"""The pages that editors write. Wagtail keeps the tree and every version; addresses, reviews and release are ours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page, PageManager
from wagtail.query import PageQuerySet

from anlan.accounts import powers
from anlan.content.hashing import digest_of
from anlan.files.models import Blob
from anlan.law.models import Guide
from anlan.lib.numerals import article


class EntryQuerySet(PageQuerySet):  # type: ignore[misc]
    """Reads over the pages of the site."""

    def public(self) -> EntryQuerySet:
        """Return what everybody may read on the site: released and not taken back. Guides are read beside the law."""
        rows: EntryQuerySet = self.filter(live=True, withdrawn_at__isnull=True).exclude(section="guide")
        return rows

    def visible_to(self, user: Any) -> EntryQuerySet:
        """Return everything for the editors of the site, the public pages for everybody else, signed in or not."""
        rows: EntryQuerySet = self.all()
        writes = user is not None and user.is_authenticated and user.may(powers.EDIT_CONTENT)
        return rows if writes else self.public()

    def newest(self) -> EntryQuerySet:
        """Return them with the latest release first."""
        rows: EntryQuerySet = self.order_by("-first_published_at", "-pk")
        return rows

    def marked(self, facet: str, value: str) -> EntryQuerySet:
        """Return those that carry a mark: `facet` tag, industry, cite (exactly) or region (the value or above it, and
        what concerns no region in particular)."""
        condition = Q(facets__contains=f"|{facet}:{value}|")
        if facet == "region":
            condition = Q(regions=[])
            for end in range(2, len(value) + 1):
                condition |= Q(facets__contains=f"|region:{value[:end]}|")
        rows: EntryQuerySet = self.filter(condition)
        return rows


class HomeRoot(Page):  # type: ignore[misc]
    """The one page above all others. It has no face of its own: the home page belongs to the portal."""

    wagtail_reference_index_ignore = True

    class Meta:
        verbose_name = _("站点")


class Entry(Page):  # type: ignore[misc]
    """What all pages have in common. The row holds what is public; the newest revision holds what is being written."""

    class Section(models.TextChoices):
        NEWS = "news", _("资讯")
        CASE = "case", _("案例")
        KNOWLEDGE = "knowledge", _("应急知识")
        FAQ = "faq", _("问答")
        DOWNLOAD = "download", _("下载")
        ZONE = "zone", _("专区")
        GUIDE = "guide", _("要义")

    OWN_SECTION: str = ""
    """The section of a subclass."""
    ADDRESS: str = ""
    """The name of the address of a subclass."""
    TEXTS: tuple[str, ...] = (
        "title", "summary", "body", "tags", "regions", "industries", "cites", "also", "sources", "source_url", "author_name",
        "cover", "cover_words",
    )  # fmt: skip
    """The fields that reviewers answer for: they make the hash that a signature is bound to."""
    FILES: Final = frozenset({"cover", "video", "attachment"})

    section = models.CharField(max_length=10, choices=Section.choices, editable=False, db_index=True)
    summary = models.TextField(_("摘要"), blank=True)
    body = models.TextField(_("正文"), blank=True, help_text="Markdown")
    tags: Any = models.JSONField(default=list, blank=True)
    regions: Any = models.JSONField(default=list, blank=True, help_text="division codes; empty: everywhere")
    industries: Any = models.JSONField(default=list, blank=True, help_text="GB/T 4754 codes; empty: every trade")
    cites: Any = models.JSONField(default=list, blank=True, help_text='["安全生产法:28"]')
    also: Any = models.JSONField(default=list, blank=True, help_text="other words that people ask with")
    sources: Any = models.JSONField(default=list, blank=True, help_text='[{"title", "url"}]')
    source_url = models.URLField(max_length=400, blank=True, help_text="where a collected text came from")
    author_name = models.CharField(max_length=60, blank=True, help_text="as shown: 安澜编辑部")
    cover = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    cover_words = models.CharField(max_length=120, blank=True, help_text="what the picture shows, and whose it is")
    facets = models.TextField(
        blank=True, editable=False, help_text="|tag:触电|industry:33|cite:安全生产法:28|"
    )  # JSON columns hold Chinese escaped: no database finds words there
    shipped = models.CharField(max_length=64, blank=True, editable=False, help_text="digest of the shipped text")
    edited = models.BooleanField(default=False, editable=False, help_text="written on here: never overwritten")
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_why = models.CharField(max_length=300, blank=True, editable=False)

    KEPT: Final = ("section", "shipped", "edited", "withdrawn_at", "withdrawn_why")
    """What belongs to the page and not to one of its versions."""
    wagtail_reference_index_ignore = True
    is_creatable = False
    objects = PageManager.from_queryset(EntryQuerySet)()

    class Meta:
        verbose_name = _("稿件")

    def __str__(self) -> str:
        return str(self.draft_title or self.title)

    def save(self, *args: Any, **kwargs: Any) -> Any:
        """Save with the marks that lists filter by."""
        self.section = self.OWN_SECTION or self.section
        self.facets = facets(
            tag=self.tags, region=self.regions, industry=self.industries, cite=self.cites, also=self.also
        )
        return super().save(*args, **kwargs)

    def with_content_json(self, content: Any) -> Any:
        """Return the page as a version has it; what belongs to the page stays as it is."""
        page = super().with_content_json(content)
        for name in self.KEPT:
            setattr(page, name, getattr(self, name))
        return page

    @property
    def own(self) -> Entry:
        """The page as its own kind."""
        if type(self) is not Entry:
            return self
        model = SECTION_MODELS[self.section]
        found: Entry = model.objects.get(pk=self.pk)
        return found

    @property
    def texts(self) -> dict[str, Any]:
        """What reviewers answer for, by field; files by name and SHA-256. The page as its own kind."""
        found = {name: getattr(self, name) for name in self.TEXTS}
        for name in self.FILES & found.keys():
            blob = found[name]
            found[name] = f"{blob.name} {blob.sha256}" if blob else ""
        return found

    @property
    def content_hash(self) -> str:
        """SHA-256 of what reviewers answer for."""
        return digest_of(self.texts)

    @property
    def is_public(self) -> bool:
        """Whether everybody may read it now."""
        return bool(self.live) and self.withdrawn_at is None

    @property
    def mark_words(self) -> str:
        """What kind of page it is, in a word or two."""
        return str(self.get_section_display())

    def get_absolute_url(self) -> str:
        """The public address."""
        return reverse(SECTION_MODELS[self.section].ADDRESS, args=[self.slug])

    def can_edit(self, user: Any) -> bool:
        """Whether `user` may write on it."""
        return bool(user.may(powers.EDIT_CONTENT))

    def can_withdraw(self, user: Any) -> bool:
        """Whether `user` may take it off the site at once."""
        return self.is_public and (user.may(powers.REVIEW_SECOND) or user.may(powers.REVIEW_FINAL))


def facets(**marks: Iterable[str]) -> str:
    """`|tag:触电|region:4101|`: one column that any database filters by; no mark may hold a `|`."""
    parts = [f"{name}:{str(value).replace('|', '')}" for name, values in marks.items() for value in values]
    return f"|{'|'.join(parts)}|" if parts else ""


class NewsPage(Entry):
    """A policy explained, an expert's article, a video, a notice."""

    class Kind(models.TextChoices):
        POLICY = "policy", _("政策解读")
        EXPERT = "expert", _("专家文章")
        VIDEO = "video", _("视频")
        NOTICE = "notice", _("通知公告")

    class Level(models.TextChoices):
        NATIONAL = "national", _("国家")
        LOCAL = "local", _("地方")
        INDUSTRY = "industry", _("行业")

    OWN_SECTION = Entry.Section.NEWS
    ADDRESS = "content:article"
    TEXTS = (*Entry.TEXTS, "kind", "level", "video", "video_words")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.POLICY)
    level = models.CharField(max_length=8, choices=Level.choices, default=Level.NATIONAL)
    video = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    video_words = models.TextField(blank=True, help_text="what is said in the video, for those who cannot hear it")
    objects = PageManager.from_queryset(EntryQuerySet)()

    class Meta:
        verbose_name = _("资讯")

    @property
    def mark_words(self) -> str:
        """政策解读, 专家文章 …"""
        return str(self.get_kind_display())


class CasePage(Entry):
    """An accident told so that others learn: what happened when, why, what was violated."""

    OWN_SECTION = Entry.Section.CASE
    ADDRESS = "content:case"
    TEXTS = (
        *Entry.TEXTS, "trade", "accident", "happened", "timeline", "causes_direct", "causes_indirect", "lessons", "violated",
        "deaths", "injuries", "loss_wan", "video", "video_words",
    )  # fmt: skip
    trade = models.CharField(max_length=60, blank=True, help_text="21 家具制造业")
    accident = models.CharField(max_length=20, blank=True, help_text="机械伤害, 触电 …")
    happened = models.CharField(max_length=60, blank=True, help_text="day and place, in words")
    timeline: Any = models.JSONField(default=list, blank=True, help_text='[{"time", "text"}]')
    causes_direct: Any = models.JSONField(default=list, blank=True)
    causes_indirect: Any = models.JSONField(default=list, blank=True)
    lessons: Any = models.JSONField(default=list, blank=True)
    violated: Any = models.JSONField(default=list, blank=True, help_text='[{"cite", "what"}]')
    deaths = models.PositiveSmallIntegerField(default=0)
    injuries = models.PositiveSmallIntegerField(default=0)
    loss_wan = models.DecimalField(
        max_digits=10, decimal_places=1, null=True, blank=True, help_text="ten thousand yuan"
    )
    video = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    video_words = models.TextField(blank=True)
    objects = PageManager.from_queryset(EntryQuerySet)()

    class Meta:
        verbose_name = _("案例")

    @property
    def mark_words(self) -> str:
        """The kind of accident."""
        return self.accident or super().mark_words


class KnowledgeCard(Entry):
    """What to do in an emergency: three steps, what never to do, and whom to call."""

    OWN_SECTION = Entry.Section.KNOWLEDGE
    ADDRESS = "content:card"
    TEXTS = (*Entry.TEXTS, "call", "steps", "never", "checked")
    call = models.CharField(max_length=12, blank=True, help_text="120, 119")
    steps: Any = models.JSONField(default=list, blank=True, help_text='three of {"title", "text"}')
    never: Any = models.JSONField(default=list, blank=True)
    checked = models.CharField(max_length=120, blank=True, help_text="which professional checked it, and when")
    objects = PageManager.from_queryset(EntryQuerySet)()

    class Meta:
        verbose_name = _("应急知识")


class FaqEntry(Entry):
    """A question as people ask it (title) and the answer (body)."""

    OWN_SECTION = Entry.Section.FAQ
    ADDRESS = "content:question"
    TEXTS = (*Entry.TEXTS, "topic")
    topic = models.CharField(max_length=40, blank=True)
    objects = PageManager.from_queryset(EntryQuerySet)()

    class Meta:
        verbose_name = _("问答")


class DownloadPage(Entry):
    """A handout: printed as PDF from its text, or a file of somebody's making."""

    OWN_SECTION = Entry.Section.DOWNLOAD
    ADDRESS = "content:download"
    TEXTS = (*Entry.TEXTS, "attachment")
    attachment = models.ForeignKey(Blob, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    objects = PageManager.from_queryset(EntryQuerySet)()

    class Meta:
        verbose_name = _("下载")


class ZonePage(Entry):
    """A topic, a trade, green safety, a chapter of the ISO 45001 guide: gathers what carries its tags."""

    class Kind(models.TextChoices):
        TOPIC = "topic", _("专题")
        INDUSTRY = "industry", _("行业专区")
        GREEN = "green", _("绿色安全")
        ISO45001 = "iso45001", _("ISO 45001 指南")

    OWN_SECTION = Entry.Section.ZONE
    ADDRESS = "content:zone"
    TEXTS = (*Entry.TEXTS, "kind", "position")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.TOPIC)
    position = models.PositiveSmallIntegerField(default=0)
    objects = PageManager.from_queryset(EntryQuerySet)()

    class Meta:
        verbose_name = _("专区")

    @property
    def mark_words(self) -> str:
        """专题, 行业专区 …"""
        return str(self.get_kind_display())


class GuidePage(Entry):
    """The plain words for an article of a statute, on their way through the reviews: released, they stand beside it."""

    OWN_SECTION = Entry.Section.GUIDE
    CHINESE: Final = ("title", "who", "duty", "cost", "cost_cites", "example", "see")
    ENGLISH: Final = ("title", "who", "duty", "cost", "example")
    TEXTS = (*CHINESE, *(f"{name}_en" for name in ENGLISH), "author_name")
    guide = models.OneToOneField(Guide, on_delete=models.PROTECT, related_name="page")
    who = models.TextField(blank=True)
    duty: Any = models.JSONField(default=list, blank=True)
    cost = models.TextField(blank=True)
    cost_cites: Any = models.JSONField(default=list, blank=True, help_text='["安全生产法:97"]')
    example = models.TextField(blank=True)
    see: Any = models.JSONField(default=list, blank=True)
    title_en = models.CharField(max_length=120, blank=True)
    who_en = models.TextField(blank=True)
    duty_en: Any = models.JSONField(default=list, blank=True)
    cost_en = models.TextField(blank=True)
    example_en = models.TextField(blank=True)
    objects = PageManager.from_queryset(EntryQuerySet)()

    class Meta:
        verbose_name = _("要义")

    @property
    def mark_words(self) -> str:
        """《安全生产法》第二十八条"""
        return article(f"{self.guide.statute.short}:{self.guide.ref}")

    @property
    def words(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The Chinese and the English of it, by the names that the guide keeps them under."""
        chinese = {name: getattr(self, name) for name in self.CHINESE}
        return chinese, {name: getattr(self, f"{name}_en") for name in self.ENGLISH}

    def get_absolute_url(self) -> str:
        """The page of its article."""
        return reverse("law:article", args=[self.guide.statute.slug, self.guide.ref])

    def can_withdraw(self, user: Any) -> bool:
        """Nobody takes it off by itself: the article stays explained until better words are released."""
        return False


SECTION_MODELS: Final[dict[str, type[Entry]]] = {
    model.OWN_SECTION: model
    for model in (NewsPage, CasePage, KnowledgeCard, FaqEntry, DownloadPage, ZonePage, GuidePage)
}
SITE_SECTIONS: Final = tuple(section for section in SECTION_MODELS if section != Entry.Section.GUIDE)
"""What has pages of its own on the site; guides stand beside the law and are found with it."""
