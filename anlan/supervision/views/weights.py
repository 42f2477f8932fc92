"""The weights of a territory: what holds, what comes, and setting them for a coming month."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import Region
from anlan.lib.asked import number
from anlan.lib.errors import Refused
from anlan.supervision.actions import set_weights
from anlan.supervision.models import Kind, Scheme, sets_rules
from anlan.supervision.performance.cases import months_back
from anlan.supervision.performance.indicators import DEFAULTS, of_kind
from anlan.supervision.views.performance import kind_of, month_of, person


def weights(request: HttpRequest) -> HttpResponse:
    """Definitions and weights of a kind for everyone who supervises; who sets the rules changes them from here."""
    user = person(request)
    if user.post is None or not user.may(powers.SUPERVISE):
        raise Refused(_("没有找到这一页"), code="not_found", status=404)
    kind = kind_of(request.GET.get("kind", ""))
    region = get_object_or_404(Region.objects.visible_to(user), pk=user.post.region_code)
    refused: Refused | None = None
    given: dict[str, Any] = {}
    if request.method == "POST":
        given = {one.code: request.POST.get(one.code, "").strip() for one in of_kind(kind)}
        asked = {code: number(text) for code, text in given.items()}
        month = month_of(request.POST.get("valid_from", ""))
        try:
            if month is None:
                raise Refused(_("请选从哪个月起。"), code="no_month", status=422, field="valid_from")
            scheme = set_weights(
                kind, region, by=user, weights={code: -1 if n is None else n for code, n in asked.items()}, valid_from=month,
                because=request.POST.get("because", ""),
            )  # fmt: skip
        except Refused as error:
            if error.status != 422:
                raise
            refused = error
        else:
            messages.success(
                request,
                _("新权重从 %(y)d 年 %(m)d 月起算。") % {"y": scheme.valid_from.year, "m": scheme.valid_from.month},
            )
            return redirect(f"{reverse('supervision:weights')}?kind={kind}")
    now = timezone.localdate().replace(day=1)
    present = Scheme.objects.visible_to(user).in_force(kind, region.pk, now)
    held = present.weights if present else DEFAULTS[kind]
    context = {
        "kind": kind, "kinds": Kind.choices, "region": region, "present": present, "refused": refused,
        "rows": [(one, held.get(one.code, 0), given.get(one.code, held.get(one.code, 0))) for one in of_kind(kind)],
        "months": [months_back(now, -n) for n in range(1, 13)], "valid_from": request.POST.get("valid_from", ""),
        "because": request.POST.get("because", ""), "can_set": sets_rules(user, region.pk),
        "history": Scheme.objects.visible_to(user).filter(kind=kind, region_code__in=[region.pk[:n] for n in range(2, len(region.pk) + 1)]).select_related("made_by").order_by("-pk")[:12],
        "next": months_back(now, -1),
    }  # fmt: skip
    return render(request, "supervision/weights.html", context, status=refused.status if refused else 200)
