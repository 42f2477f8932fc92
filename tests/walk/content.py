"""The site and its editors: what everybody reads, drafts, the three reviews, versions."""

from typing import Any

from django.core.files.base import ContentFile

from anlan.content.actions import create_page, release, save_page, sign, submit_page
from anlan.content.models import DownloadPage, Entry, FaqEntry, KnowledgeCard, NewsPage, Signature
from anlan.files.actions import store
from anlan.operations.demo.cast import Cast
from anlan.operations.demo.drawings import draw
from tests.walk.people import EDITORS, EVERYONE

ALLOWED = {
    "content:news": ("GET", "", EVERYONE),
    "content:article": ("GET", "news_page", EVERYONE),
    "content:cases": ("GET", "", EVERYONE),
    "content:case": ("GET", "case_page", EVERYONE),
    "content:faq": ("GET", "", EVERYONE),
    "content:question": ("GET", "faq_page", EVERYONE),
    "content:downloads": ("GET", "", EVERYONE),
    "content:download": ("GET", "download_page", EVERYONE),
    "content:download-file": ("GET", "download_page", EVERYONE),
    "content:zones": ("GET", "", EVERYONE),
    "content:zone": ("GET", "zone_page", EVERYONE),
    "content:cover": ("GET", "draft_with_picture", EDITORS),
    "content:film": ("GET", "draft_with_film", EDITORS),
    "content:knowledge": ("GET", "", EVERYONE),
    "content:knowledge-worker": ("GET", "", EVERYONE),
    "content:card": ("GET", "knowledge_page", EVERYONE),
    "content:desk": ("GET", "", EDITORS),
    "content:new": ("GET", "section", EDITORS),
    "content:guide": ("POST", "guide", EDITORS),
    "content:reviews": ("GET", "", EDITORS),
    "content:draft": ("GET", "draft", EDITORS),
    "content:edit": ("GET", "draft", EDITORS),
    "content:look": ("GET", "draft", EDITORS),
    "content:versions": ("GET", "draft", EDITORS),
    "content:compare": ("GET", "draft", EDITORS),
    "content:restore": ("POST", "old_version", EDITORS),
    "content:submit": ("POST", "draft", EDITORS),
    "content:take-back": ("POST", "submitted", frozenset({"editor"})),
    "content:sign": ("POST", "submitted", EDITORS),
    "content:return": ("POST", "submitted", EDITORS - {"editor", "head_editor", "chief_editor"}),
    "content:bypass": ("POST", "submitted", frozenset({"chief_editor"})),
    "content:release": ("POST", "passed", frozenset({"chief_editor"})),
    "content:withdraw": ("POST", "public", frozenset({"head_editor", "chief_editor"})),
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """A draft, a text in review, one that passed, one that is public; of the shipped pages, the first of each section."""

    def write(title: str, **more: Any) -> Entry:
        body = {"title": title, "summary": "走查", "body": "走查的正文", "kind": "expert", **more}
        return create_page("news", body, by=cast.editor)

    def signed(page: Entry) -> Any:
        current = submit_page(page, by=cast.editor)
        for person in (cast.reviewer, cast.head_editor, cast.chief_editor):
            for kind in (Signature.Kind.REVIEW, Signature.Kind.PROOF):
                sign(current, kind, by=person, seen=current.hash, checks=list(Signature.CHECKS))
        return current

    draft, submitted, passed, public = (write(f"走查：{n}") for n in ("草稿", "在审", "待发布", "公开"))
    old = draft.get_latest_revision()
    save_page(draft, {"body": "走查的正文，第二版"}, by=cast.editor)
    submit_page(submitted, by=cast.editor)
    signed(passed)
    release(signed(public), by=cast.chief_editor)
    picture = store(ContentFile(draw("exit").getvalue()), name="a.jpg", owner=("test", "content"), by_id=None)
    framed = write("走查：有图", cover=picture, cover_words="安全出口")
    filmed = write("走查：有视频")
    NewsPage.objects.filter(pk=filmed.pk).update(video=picture)
    Entry.objects.filter(pk=framed.pk).update(cover=picture)
    slug = {
        model: model.objects.public().order_by("pk").values_list("slug", flat=True)[0]
        for model in (KnowledgeCard, FaqEntry, DownloadPage)
    }
    return {
        "draft": [draft.pk], "submitted": [submitted.pk], "passed": [passed.pk], "public": [public.pk], "section": ["news"],
        "guide": ["安全生产法", "28"],
        "old_version": [draft.pk, old.pk], "draft_with_picture": [framed.pk], "draft_with_film": [filmed.pk],
        "news_page": [NewsPage.objects.get(pk=public.pk).slug], "knowledge_page": [slug[KnowledgeCard]],
        "faq_page": [slug[FaqEntry]], "download_page": [slug[DownloadPage]], "case_page": ["sewage-pit"], "zone_page": ["green-safety"],
    }  # fmt: skip
