"""What a page still lacks before it may be handed in for review."""

from __future__ import annotations

from django.utils.translation import gettext as _

from anlan.content.models import CasePage, Entry, GuidePage, KnowledgeCard, NewsPage
from anlan.lib.codes import Malformed
from anlan.lib.numerals import article


def lacking(page: Entry) -> list[str]:
    """Return what is missing, in words; the page as its own kind and version. Empty: it may be handed in."""
    missing: list[str] = []
    if isinstance(page, GuidePage):
        texts = (
            (page.who, _("谁要做")),
            (page.duty, _("要做什么")),
            (page.cost, _("不做会怎样")),
            (page.example, _("小厂的例子")),
        )
        return [name for value, name in texts if not value]
    if not page.summary and page.section not in ("faq", "download"):
        missing.append(_("摘要"))
    if not page.body.strip() and not isinstance(page, CasePage):
        missing.append(_("回答") if page.section == "faq" else _("正文"))
    if isinstance(page, KnowledgeCard):
        if len(page.steps) != 3:
            missing.append(_("三个步骤"))
        if not page.never:
            missing.append(_("千万不要做的事"))
        if not page.sources:
            missing.append(_("来源"))
    if isinstance(page, CasePage):
        for value, name in (
            (page.timeline, _("经过")),
            (page.causes_direct, _("直接原因")),
            (page.lessons, _("教训")),
        ):
            if not value:
                missing.append(name)
    if page.cover and not page.cover_words:
        missing.append(_("封面图的说明和出处"))
    if getattr(page, "video", None) and not getattr(page, "video_words", ""):
        missing.append(_("视频的文字稿"))
    if isinstance(page, NewsPage) and page.kind == NewsPage.Kind.VIDEO and page.video is None:
        missing.append(_("视频文件"))
    for cite in page.cites:
        try:
            article(cite)
        except Malformed:
            missing.append(_("能认出的引用（“%(cite)s”认不出）") % {"cite": cite})
    return missing
