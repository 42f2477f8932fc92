"""The region tree: look around, search, pick."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from anlan.accounts.models import Region
from anlan.accounts.models.regions import RegionQuerySet
from anlan.accounts.views.who import signed_in

LIMIT = 50


@require_GET
def regions(request: HttpRequest) -> HttpResponse:
    """Regions of my territory: matches of `q`, or what lies below `in`. A fragment serves `accounts/picker.html`."""
    user = signed_in(request)
    visible = Region.objects.visible_to(user).open()
    words, code = request.GET.get("q", "").strip(), request.GET.get("in", "")
    inside = get_object_or_404(visible, pk=code) if code else None
    level = request.GET.get("level", "")
    found = (
        visible.called(words)
        if words
        else visible.children_of(code)
        if code
        else _top(user.post.region_code if user.post else "", visible)
    )
    if level in map(str, Region.Level.values):
        found = found.filter(level=level)
    rows = list(found[: LIMIT + 1])
    context = {
        "regions": rows[:LIMIT], "more": len(rows) > LIMIT, "limit": LIMIT, "words": words, "inside": inside,
        "trail": list(Region.objects.visible_to(user).filter(code__in=_ancestors(inside.pk)).order_by("level")) if inside else [],
        "pick": request.GET.get("pick", ""),
    }  # fmt: skip
    name = "_options.html" if context["pick"] else "_regions.html"
    fragment = getattr(request, "htmx", False)
    return render(request, f"accounts/{name}" if fragment else "accounts/regions.html", context)


def _top(code: str, visible: RegionQuerySet) -> RegionQuerySet:
    """Where the tree begins for this post: its own territory, or the provinces."""
    return visible.filter(pk=code) if code else visible.filter(parent__isnull=True).order_by("code")


def _ancestors(code: str) -> list[str]:
    """The official codes that are a beginning of this one."""
    return [code[:n] for n in (2, 4, 6, 9, 12) if n < len(code)]
