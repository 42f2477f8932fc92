"""Two versions of a statute, article by article."""

from __future__ import annotations

from collections import Counter
from typing import Final

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from anlan.law.actions.versions import Change, changes
from anlan.law.models import Version
from anlan.law.views.statutes import opened, statute_stamp
from anlan.ui.caching import public_page

PAGE: Final = 60
KINDS: Final = ("changed", "added", "removed", "moved")


@login_not_required
@require_safe
@public_page(statute_stamp)
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """`?a=` the older and `?b=` the newer key; `view=inline` or side; `all=1` shows what stayed the same too."""
    statute, versions = opened(request, slug)
    if len(versions) < 2:
        return render(request, "law/compare.html", {"statute": statute, "versions": versions, "alone": True})
    a, b = _chosen(request, versions)
    rows = changes(a, b)
    counts = Counter(str(row.kind) for row in rows)
    kind = request.GET.get("kind", "")
    every = bool(request.GET.get("all"))
    if kind in KINDS:
        rows = [row for row in rows if row.kind == kind]
    elif not every:
        rows = [row for row in rows if row.kind != "same"]
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(request, "law/compare.html", {
        "statute": statute, "versions": versions, "a": a, "b": b, "page": page, "counts": counts, "every": every,
        "kind": kind if kind in KINDS else "", "side": request.GET.get("view") == "side", "tabs": _tabs(counts),
        "total": sum(counts.values()), "rows": [Row(change) for change in page.object_list],
    })  # fmt: skip


class Row:
    """A change as the page draws it; differences are computed only for what is shown."""

    def __init__(self, change: Change) -> None:
        self.change, self.kind, self.old, self.new = change, change.kind, change.old, change.new
        self.renumbered = change.renumbered
        self.parts = change.parts if change.kind == "changed" else []
        kept = sum(len(part.words) for part in self.parts if part.op == "equal")
        self.rewritten = bool(self.parts) and kept < 0.35 * max(
            len(self.old.text if self.old else ""), len(self.new.text if self.new else "")
        )
        self.heading_changed = bool(self.old and self.new and self.old.heading != self.new.heading)

    @property
    def anchor(self) -> str:
        """Where links to this article lead."""
        return f"a{(self.new or self.old).ref}"  # type: ignore[union-attr]


def _chosen(request: HttpRequest, versions: list[Version]) -> tuple[Version, Version]:
    """The two asked for, the older first; the newest two without a wish."""
    by_key = {row.key: row for row in versions}
    b = by_key.get(request.GET.get("b", ""))
    a = by_key.get(request.GET.get("a", ""))
    if b is None:
        b = next(row for row in versions if row is not a)
    if a is None or a is b:
        place = versions.index(b)
        a = versions[place + 1] if place + 1 < len(versions) else versions[place - 1]
    return (a, b) if versions.index(a) > versions.index(b) else (b, a)


def _tabs(counts: Counter[str]) -> list[tuple[str, int]]:
    return [(kind, counts[kind]) for kind in KINDS if counts[kind]]
