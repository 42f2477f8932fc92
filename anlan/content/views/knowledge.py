"""Emergency cards: tiles by danger, three steps on top, kept on the phone for when there is no network."""

from __future__ import annotations

import hashlib
from typing import Final

from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from anlan.content.models import KnowledgeCard
from anlan.content.views.site import frame, page_stamp, public, shown, stamp
from anlan.ui.caching import public_page

ASSETS: Final = (
    "vendor/tabler.min.css", "ui/tokens.css", "ui/anlan.css", "ui/pages.css", "content/site.css", "content/readers.css", "content/reading.js", "content/knowledge.js",
    "vendor/htmx.min.js", "ui/app.js", "vendor/icons.svg", "ui/img/logo.svg", "ui/img/logo-light.svg", "ui/img/empty.svg",
)  # fmt: skip
ICONS: Final = (
    ("触电", "bolt"), ("雷", "bolt"), ("电梯", "elevator"), ("电动车", "battery-charging"), ("火", "flame"), ("灼", "flask"),
    ("化学", "flask"), ("泄漏", "flask"), ("酸", "flask"), ("氨", "flask"), ("有限空间", "wind"), ("中毒", "wind"), ("煤气", "wind"), ("粉尘", "wind"),
    ("坠落", "stairs-down"), ("坍塌", "building"), ("地震", "building"), ("机械", "settings"), ("绞", "settings"), ("指", "cut"),
    ("车", "route"), ("起重", "crane"), ("大风", "crane"), ("中暑", "sun"), ("冻", "temperature-off"), ("溺", "bath"), ("洪", "bath"),
    ("锅炉", "activity"), ("心", "activity"), ("胸", "activity"), ("食物", "tools-kitchen-2"), ("烫", "flame"), ("物体", "alert-triangle"),
)  # fmt: skip


FIRST: Final = (
    "electric-shock", "cpr", "confined-space", "fire-escape", "severe-bleeding", "machine-entanglement", "fall-from-height",
    "burns", "carbon-monoxide", "choking",
)  # fmt: skip
"""What cannot wait comes first; the others follow by name."""


def icon_of(card: KnowledgeCard) -> str:
    """The icon of a danger, by its name, then by its tags."""
    return next(
        (icon for words in (card.title, " ".join(card.tags)) for word, icon in ICONS if word in words), "first-aid-kit"
    )


@login_not_required
@require_safe
@public_page(lambda request: stamp(request, section="knowledge"))
def cards(request: HttpRequest) -> HttpResponse:
    """All cards as tiles; the page's script searches them while people type or speak, the server does without it."""
    asked = request.GET.get("q", "").strip()[:60]
    rows = public("knowledge").order_by("pk")
    if asked:
        rows = rows.filter(Q(title__icontains=asked) | Q(facets__icontains=asked) | Q(summary__icontains=asked))
    order = {slug: place for place, slug in enumerate(FIRST)}
    tiles = [
        {"card": card, "icon": icon_of(card), "words": " ".join([card.title, *card.also, *card.tags])}
        for card in sorted(rows, key=lambda row: (order.get(row.slug, len(FIRST)), row.slug))
    ]
    return render(request, "content/knowledge_list.html", {**frame(request), "tiles": tiles, "q": asked})


@login_not_required
@require_safe
@public_page(page_stamp)
def card(request: HttpRequest, slug: str) -> HttpResponse:
    """One card."""
    return shown(request, "knowledge", slug)


@never_cache
@login_not_required
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker of /knowledge/. It changes when a card or a part of the page does, and then keeps all anew."""
    pages = [reverse("content:knowledge")]
    pages += [
        reverse("content:card", args=[slug])
        for slug in public("knowledge").order_by("pk").values_list("slug", flat=True)
    ]
    assets = [static(name) for name in ASSETS]
    made_of = repr((stamp(request, section="knowledge"), pages, assets))
    version = hashlib.blake2b(made_of.encode(), digest_size=8).hexdigest()
    body = render_to_string("content/sw.js", {"version": version, "pages": pages, "assets": assets})
    return HttpResponse(body, content_type="text/javascript; charset=utf-8")
