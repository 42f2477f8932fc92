"""One article: its text, what it asks, what belongs to it."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Final

import segno
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from anlan.accounts import powers
from anlan.law.article_page import ArticlePage, Related
from anlan.law.models import Citation, Guide, Provision, Statute, Version
from anlan.law.reading import NUMBERED, ref_words, version_on
from anlan.law.recognising import recognise
from anlan.law.views.statutes import asked_day, opened, texts_stamp
from anlan.search.models import Cursor
from anlan.search.similar import similar as found_similar
from anlan.ui.caching import Stamp, public_page

WEIBO: Final = "https://service.weibo.com/share/share.php"


def article_stamp(request: HttpRequest, slug: str, ref: str, key: str = "") -> Stamp | None:
    """What an article's page is made of: texts, guide, citing texts. Four queries."""
    try:
        statute, versions = opened(request, slug)
    except Http404:
        return None
    guides = Guide.objects.filter(statute=statute).order_by("-updated_at").values_list("updated_at", flat=True)[:1]
    citing = Citation.objects.filter(statute=statute, ref=ref).order_by("pk")
    rows = citing.values_list("pk", "title", "url", "is_public", "stale_since")[:500]
    return (statute.title, *texts_stamp(versions), *guides, *rows)


@login_not_required
@require_safe
@public_page(article_stamp)
def article(request: HttpRequest, slug: str, ref: str) -> HttpResponse:
    """The article as it binds today, or on the day of `?on=`."""
    statute, versions = opened(request, slug)
    return _shown(request, ArticlePage(statute, versions, version_on(versions, asked_day(request)), ref, fixed=False))


@login_not_required
@require_safe
@public_page(article_stamp)
def article_in(request: HttpRequest, slug: str, key: str, ref: str) -> HttpResponse:
    """The article in one version: its permanent address."""
    statute, versions = opened(request, slug)
    version = next((row for row in versions if row.key == key), None)
    if version is None:
        raise Http404
    return _shown(request, ArticlePage(statute, versions, version, ref, fixed=True))


def _shown(request: HttpRequest, page: ArticlePage) -> HttpResponse:
    statute, version, day = page.statute, page.version, asked_day(request)
    if page.provision is None and (version is not None or page.guide is None):
        return _absent(request, page)
    begins = (page.provision.effective_on if page.provision else None) or (version.effective_on if version else None)
    state = version.state_on(day) if version else ""
    if state == Version.State.FORCE and begins and begins > day:
        state = Version.State.FUTURE  # an article may begin to bind later than its statute
    here = f"{settings.ANLAN_PUBLIC_URL}{reverse('law:article', args=[statute.slug, page.ref])}"
    may_edit = request.user.is_authenticated and request.user.may(powers.EDIT_CONTENT)
    english = get_language() == "en" and page.guide is not None and bool(page.guide.english.get("title"))
    label = page.provision.label if page.provision and page.provision.label else ref_words(page.ref)
    return render(request, "law/article.html", {
        "page": page, "statute": statute, "version": version, "provision": page.provision, "day": day, "label": label,
        "asked": bool(request.GET.get("on")), "state": state, "begins": begins, "here": here, "guide": page.guide,
        "words": (page.guide.english if english else page.guide.body) if page.guide else {}, "is_english": english,
        "weibo": f"{WEIBO}?{urlencode({'url': here, 'title': f'《{statute.short}》{label}'})}",
        "permanent": reverse("law:article_in", args=[statute.slug, version.key, page.ref]) if version else "",
        "subscribe": _other("content:subscribe", article=f"{statute.slug}:{page.ref}"),
        "letter": _other("content:letter", about=request.path),
        "correct": _other("content:guide", statute.slug, page.guide.ref) if page.guide and may_edit else "",
        "groups": _groups(page), "others": [(Citation.Kind(kind).label, n) for kind, n in page.counts.items() if kind in USES],
    })  # fmt: skip


GROUPS: Final = (
    (Citation.Kind.CASE, _lazy("违反本条的案例")), (Citation.Kind.COURSE, _lazy("学一学")),
    (Citation.Kind.SELFCHECK, _lazy("自查一下")), (Citation.Kind.FAQ, _lazy("别人问过")),
    (Citation.Kind.KNOWLEDGE, _lazy("应急知识")), (Citation.Kind.NEWS, _lazy("解读文章")),
    (Citation.Kind.CHECK, _lazy("检查时看这些")), (Citation.Kind.GUIDE, _lazy("哪些要求以它为后果")),
    (Citation.Kind.PROVISION, _lazy("引用本条的法条")), (Citation.Kind.QUESTION, _lazy("考一考")),
)  # fmt: skip


def _groups(page: ArticlePage) -> list[Related]:
    """Who cites the article, in the order that helps a reader."""
    found = []
    for kind, label in GROUPS:
        if group := page.related.get(kind):
            group.label = str(label)
            found.append(group)
    return found


USES: Final = {
    Citation.Kind.QUESTION.value, Citation.Kind.CHECK.value, Citation.Kind.COURSE.value, Citation.Kind.RULE.value,
    Citation.Kind.SELFCHECK.value, Citation.Kind.KNOWLEDGE.value,
}  # fmt: skip


def _other(name: str, *args: str, **query: str) -> str:
    """An address of a room above this one, where it exists."""
    try:
        return reverse(name, args=args) + (f"?{urlencode(query)}" if query else "")
    except NoReverseMatch:
        return ""


def _absent(request: HttpRequest, page: ArticlePage) -> HttpResponse:
    """No such number in this text: where it is instead."""
    rows = Provision.objects.filter(version__statute=page.statute, ref=page.ref, kind__in=NUMBERED).select_related(
        "version"
    )
    other = list(rows.defer("text").order_by("-version__effective_on")[:6])
    now = None
    if other and other[0].article_id and page.version:
        now = page.version.provisions.filter(article=other[0].article_id).first()
    last = page.version.provisions.filter(kind__in=NUMBERED).order_by("-position").first() if page.version else None
    return render(
        request, "law/absent.html",
        {"statute": page.statute, "version": page.version, "label": ref_words(page.ref), "ref": page.ref, "others": other, "now": now, "last": last},
        status=404,
    )  # fmt: skip


def index_stamp(request: HttpRequest, slug: str, ref: str) -> Stamp | None:
    """Likeness changes with whatever the index holds."""
    return tuple(Cursor.objects.values_list("number", flat=True))


@login_not_required
@require_safe
@public_page(index_stamp)
def similar(request: HttpRequest, slug: str, ref: str) -> HttpResponse:
    """Articles of other statutes that say much the same: a list for the article's page, or a page by itself."""
    statute = get_object_or_404(Statute.objects.visible_to(request.user), slug=slug)
    template = "law/_similar.html" if getattr(request, "htmx", False) else "law/similar.html"
    rows = found_similar(statute.slug, ref)
    return render(request, template, {"statute": statute, "ref": ref, "label": ref_words(ref), "rows": rows})


@login_not_required
@require_safe
def go(request: HttpRequest, slug: str) -> HttpResponse:
    """The jump box: 41, 第四十一条, 6-2, 第六条之二."""
    statute = get_object_or_404(Statute.objects.visible_to(request.user), slug=slug)
    written = request.GET.get("n", "").strip()[:40].replace("－", "-").replace("—", "-")
    plain = re.fullmatch(r"第?\s*0*([1-9][0-9]{0,3})\s*条?(?:\s*(?:之|-)\s*([1-9][0-9]?))?", written)
    if plain:
        ref = plain[1] + (f"-{plain[2]}" if plain[2] else "")
    else:
        text = written if written.startswith("第") else f"第{written}"
        text = text if "条" in text else f"{text}条"
        ref = next((m.ref for m in recognise(text) if m.ref), "")
    if not ref:
        return HttpResponseRedirect(reverse("law:statute", args=[statute.slug]))
    key = request.GET.get("v", "")
    if key and Version.objects.filter(statute=statute, key=key).exists():
        return HttpResponseRedirect(reverse("law:article_in", args=[statute.slug, key, ref]))
    day = request.GET.get("on", "")
    return HttpResponseRedirect(
        reverse("law:article", args=[statute.slug, ref]) + (f"?{urlencode({'on': day})}" if day else "")
    )


@login_not_required
@require_safe
@cache_control(public=True, max_age=86400)
def qr(request: HttpRequest, slug: str, ref: str) -> HttpResponse:
    """The address of an article to photograph with a phone."""
    statute = get_object_or_404(Statute.objects.visible_to(request.user), slug=slug)
    address = f"{settings.ANLAN_PUBLIC_URL}{reverse('law:article', args=[statute.slug, ref])}"
    drawn = BytesIO()
    segno.make(address, error="m", micro=False).save(drawn, kind="svg", scale=4, border=4, light="#fff")
    return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")
