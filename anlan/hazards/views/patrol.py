"""The patrol of the phone: an app shell that opens without a network, its service worker, and what makes it installable."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.hazards.models import Finding, Hazard
from anlan.hazards.patrol_words import words
from anlan.lib.errors import Refused

MODULES: Final = ("app", "dom", "list", "task", "item", "finish", "pad", "camera", "state", "store", "keys", "sync")
STYLES: Final = ("vendor/tabler.min.css", "ui/tokens.css", "ui/anlan.css", "ui/pages.css", "hazards/patrol/patrol.css")
OTHERS: Final = ("vendor/idb.js", "vendor/icons.svg", "ui/img/logo.svg", "ui/img/logo-light.svg", "ui/img/empty.svg")


@never_cache
@require_GET
def patrol(request: HttpRequest) -> HttpResponse:
    """The shell: the same for everybody, without a name in it, since the phone keeps it unencrypted."""
    if not isinstance(request.user, User) or not request.user.may(powers.INSPECT):
        raise Refused(_("现场巡查由网格员和检查人员使用，您现在的身份不能检查企业。"), code="forbidden", status=403)
    return HttpResponse(shell(get_language() or ""))


@never_cache
@login_not_required
@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. It changes when any part of the app does, and then takes all parts anew."""
    body = render_to_string("hazards/patrol/sw.js", {"version": version(get_language() or ""), "assets": assets()})
    return HttpResponse(body, content_type="text/javascript; charset=utf-8")


@login_not_required
@require_GET
def manifest(request: HttpRequest) -> JsonResponse:
    """What makes the patrol an app on the home screen."""
    icons = [
        {"src": static(f"hazards/patrol/{name}"), "sizes": sizes, "type": kind, "purpose": purpose}
        for name, sizes, kind, purpose in (
            ("icon.svg", "any", "image/svg+xml", "any"),
            ("icon-192.png", "192x192", "image/png", "any"),
            ("icon-512.png", "512x512", "image/png", "any"),
            ("icon-maskable-512.png", "512x512", "image/png", "maskable"),
        )
    ]
    start = reverse("hazards:patrol")
    return JsonResponse(
        {
            "id": start, "name": _("安澜巡查"), "short_name": _("巡查"), "start_url": start, "scope": start, "display": "standalone",
            "lang": "zh-Hans-CN", "background_color": "#f6f5f1", "theme_color": "#083f4a", "icons": icons,
        },
        content_type="application/manifest+json",
    )  # fmt: skip


@lru_cache(maxsize=4)
def shell(language: str) -> str:
    """The page, made once per language."""
    data = {
        "words": words(),
        "results": [[value, str(label)] for value, label in Finding.Result.choices],
        "kinds": [[value, str(label)] for value, label in Hazard.Kind.choices],
        "grades": [[value, str(label)] for value, label in Hazard.Grade.choices],
        "icons": static("vendor/icons.svg"),
        "empty": static("ui/img/empty.svg"),
        "urls": {
            "home": reverse("hazards:patrol"), "worker": reverse("hazards:patrol-worker"), "hello": reverse("hazards:patrol-hello"),
            "device": reverse("hazards:patrol-device"), "tasks": reverse("hazards:patrol-tasks"),
            "operations": reverse("hazards:patrol-operations"), "have": reverse("hazards:patrol-have"), "photos": "/patrol/photos/",
            "login": f"{reverse('account_login')}?next={reverse('hazards:patrol')}", "back": reverse("portal:home"),
            "quarantine": reverse("hazards:quarantine"), "inspections": reverse("hazards:inspections"),
            "arrange": reverse("hazards:inspection-new"),
        },
    }  # fmt: skip
    return render_to_string("hazards/patrol/shell.html", {"data": data, "styles": STYLES})


def assets() -> list[str]:
    """Addresses of everything that the shell needs, besides itself. Modules import each other by their plain names."""
    plain = [f"/static/hazards/patrol/{name}.js" for name in MODULES]
    hashed = [static(name) for name in (*STYLES, *OTHERS, "hazards/patrol/app.js")]
    return list(dict.fromkeys([*plain, *hashed]))


@lru_cache(maxsize=4)
def version(language: str) -> str:
    """A hash over the shell and all its parts."""
    digest = hashlib.sha256(shell(language).encode())
    for name in (*STYLES, *OTHERS, *(f"hazards/patrol/{name}.js" for name in MODULES)):
        if found := finders.find(name):
            digest.update(Path(found).read_bytes())
    return digest.hexdigest()[:16]
