"""An officer compares the file with the place."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from anlan.enterprises.actions import verify_file
from anlan.enterprises.actions.verifying import waiting
from anlan.enterprises.file_fields import CUSTOM, LABELS, as_text
from anlan.enterprises.models import CustomField, Enterprise, Permit
from anlan.enterprises.views.files import firm_of
from anlan.lib.asked import number
from anlan.lib.errors import Refused

TRUE, FALSE = "true", "false"


def verify(request: HttpRequest, pk: int) -> HttpResponse:
    """What was said since the last look: confirm one by one or all, or doubt with a reason."""
    user: Any = request.user
    firm = firm_of(request, pk)
    if not firm.can_verify(user):
        raise Refused(_("核实档案是给所在地监管人员的。换一个身份再来。"), code="not_officer", status=404)
    if request.method == "POST":
        values, problem = _asked(request, "value")
        permits, _none = _asked(request, "permit", reasons=False)
        if not problem:
            confirmed, doubted, whole = verify_file(firm, values, permits, by=user)
            messages.success(request, _told(confirmed, doubted, whole))
            return redirect("enterprises:detail", firm.pk)
        return _page(request, firm, problem=problem)
    return _page(request, firm)


def _told(confirmed: int, doubted: int, whole: bool) -> str:
    if whole:
        return _("档案已核实，确认了 %(n)d 项。") % {"n": confirmed}
    return _("确认 %(a)d 项，存疑 %(b)d 项。存疑的已告诉企业。") % {"a": confirmed, "b": doubted}


def _asked(request: HttpRequest, kind: str, *, reasons: bool = True) -> tuple[dict[int, str], bool]:
    """{id: "" or the reason}; and whether a doubt lacks its reason."""
    found: dict[int, str] = {}
    problem = False
    for name, answer in request.POST.items():
        head, _sep, tail = name.partition("-")
        key = number(tail)
        if head != kind or key is None:
            continue
        if "all" in request.POST or answer == TRUE:
            found[key] = ""
        elif answer == FALSE and reasons:
            reason = request.POST.get(f"reason-{key}", "").strip()
            problem = problem or not reason
            found[key] = reason or "?"
    return found, problem


def _page(request: HttpRequest, firm: Enterprise, *, problem: bool = False) -> HttpResponse:
    custom = CustomField.objects.filter(code__in=list(firm.custom)).values_list("code", "label")
    labels = {**LABELS, **{CUSTOM + code: label for code, label in custom}}
    rows = [
        {
            "said": said, "label": labels.get(said.field, said.field), "text": as_text(said.field, said.value),
            "answer": request.POST.get(f"value-{said.pk}", ""), "reason": request.POST.get(f"reason-{said.pk}", said.doubt),
        }
        for said in sorted(waiting(firm), key=lambda said: list(labels).index(said.field) if said.field in labels else 99)
    ]  # fmt: skip
    permits = Permit.objects.held().filter(enterprise=firm, verified_at=None).select_related("said_by").order_by("pk")
    context = {"firm": firm, "rows": rows, "permits": permits, "problem": problem}
    return render(request, "enterprises/verify.html", context, status=422 if problem else 200)
