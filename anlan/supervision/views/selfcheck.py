"""The self-check: choose an industry, answer page by page, see the gaps and what closes them. Open to everyone."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.law.addresses import addresses, linked
from anlan.lib.asked import number
from anlan.lib.errors import Refused
from anlan.supervision.actions import selfcheck as actions
from anlan.supervision.models import SelfCheck
from anlan.supervision.selfcheck import figures
from anlan.supervision.selfcheck.judging import WEIGHTS, allowed, asked_in, compare, first_open, judge, progress
from anlan.supervision.selfcheck.paper import result_pdf
from anlan.supervision.selfcheck.questionnaires import fitting, questions_of, shipped
from anlan.supervision.selfcheck.remedies import remedies


def frame(request: HttpRequest) -> dict[str, Any]:
    """In the workbench for whoever is signed in, in the portal for everyone else."""
    inside = request.user.is_authenticated
    return {"base": "ui/work.html" if inside else "ui/public.html", "inside": inside}


def severities() -> dict[str, str]:
    """How grave a gap is, in words."""
    return {"high": _("马上改"), "medium": _("尽快改"), "low": _("有空补上")}


def _check(request: HttpRequest, key: str) -> SelfCheck:
    checks = SelfCheck.objects.open_to(request.user)
    return get_object_or_404(checks.select_related("questionnaire", "enterprise__organisation", "before__questionnaire"), key=key)  # fmt: skip


@login_not_required
@require_GET
def selfchecks(request: HttpRequest) -> HttpResponse:
    """The industries as tiles; for a manager also the firm's checks, for a supervisor what its territory lacks most."""
    firm = actions.firm_of(request.user)
    fit = fitting(firm.industry) if firm else ""
    tiles = []
    for one in shipped().values():
        judged = [question for question in questions_of(one.body) if not question["fact"]]
        tiles.append({"code": one.code, "body": one.body, "count": len(judged), "fits": one.code == fit})
    own = SelfCheck.objects.visible_to(request.user).select_related("questionnaire")
    context = {
        "tiles": tiles, "firm": firm, "begun": own.filter(done_at=None).order_by("-saved_at")[:3],
        "done": own.done()[:8], "territory": figures.territory(request.user),
    }  # fmt: skip
    return render(request, "supervision/selfcheck/list.html", frame(request) | context)


@login_not_required
@require_http_methods(["GET", "POST"])
def selfcheck(request: HttpRequest, code: str) -> HttpResponse:
    """What will be asked, how long it takes, who sees it; POST begins."""
    if request.method == "POST":
        return redirect("supervision:selfcheck-run", actions.start_check(code, by=request.user).key)
    one = shipped().get(code)
    if one is None:
        raise Refused(_("没有这个行业的自查表。"), code="no_questionnaire", status=404)
    judged = sum(not question["fact"] for question in questions_of(one.body))
    own = SelfCheck.objects.visible_to(request.user).filter(questionnaire__code=code).done()
    context = {
        "body": one.body, "code": code, "count": judged, "minutes": max(5, judged // 3), "own": own[:5],
        "firm": actions.firm_of(request.user), "days": actions.KEPT_DAYS,
    }  # fmt: skip
    return render(request, "supervision/selfcheck/intro.html", frame(request) | context)


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def run(request: HttpRequest, key: str) -> HttpResponse:
    """One page of questions. POST keeps what was chosen and goes on; with `Accept: application/json` it only keeps."""
    check = _check(request, key)
    if check.done_at is not None:
        return redirect("supervision:selfcheck-result", key)
    last = len(check.body["sections"]) - 1
    section = min((number(request.GET.get("s")) or 1) - 1, last) if request.GET.get("s") else None
    if section is None:
        section = first_open(check.body, check.answers) or 0
    section = max(section, 0)
    missing: list[str] = []
    if request.method == "POST":
        missing = actions.answer_section(check, section, request.POST)
        done, total = progress(check.body, check.answers)
        if "application/json" in request.headers.get("Accept", ""):
            return JsonResponse({"done": done, "total": total, "at": f"{timezone.localtime():%H:%M}"})
        if not missing:
            if section < last:
                return redirect(f"{reverse('supervision:selfcheck-run', args=[key])}?s={section + 2}")
            return _finish(request, check)
    context = _page(check, section, missing)
    return render(request, "supervision/selfcheck/run.html", frame(request) | context, status=422 if missing else 200)


def _page(check: SelfCheck, section: int, missing: list[str]) -> dict[str, Any]:
    words = {"yes": _("做到了"), "no": _("没做到"), "na": _("不适用"), "unknown": _("说不清")}
    facts = {"yes": _("有"), "no": _("没有"), "unknown": _("说不清")}
    rows: list[dict[str, Any]] = []
    asked = asked_in(check.body, section, check.answers)
    known = addresses(cite for question in asked for cite in question["cites"])
    for at, question in enumerate(asked, 1):
        chosen = check.answers.get(question["key"])
        names = facts if question["fact"] else words
        choices = [(value, names[value], value == chosen) for value in allowed(question)]
        rows.append(
            {"n": at, "q": question, "choices": choices, "open": question["key"] in missing, "cites": linked(question["cites"], known)}
        )  # fmt: skip
    done, total = progress(check.body, check.answers)
    sections = []
    for at, one in enumerate(check.body["sections"]):
        put = asked_in(check.body, at, check.answers)
        left = sum(question["key"] not in check.answers for question in put)
        sections.append({"n": at + 1, "title": one["title"], "left": left, "count": len(put), "now": at == section})
    return {
        "check": check, "rows": rows, "section": section + 1, "title": check.body["sections"][section]["title"],
        "last": section + 1 == len(sections), "sections": sections, "done": done, "total": total,
        "missing": [row for row in rows if row["open"]], "facts": all(row["q"]["fact"] for row in rows),
    }  # fmt: skip


def _finish(request: HttpRequest, check: SelfCheck) -> HttpResponse:
    open_at = first_open(check.body, check.answers)
    if open_at is not None:
        messages.info(request, _("还有几题没有答，答完就出结果。已经答的都在。"))
        return redirect(f"{reverse('supervision:selfcheck-run', args=[check.key])}?s={open_at + 1}")
    actions.finish_check(check, by=request.user)
    return redirect("supervision:selfcheck-result", check.key)


def _result(request: HttpRequest, check: SelfCheck, own: bool) -> dict[str, Any]:
    verdict = judge(check.body, check.answers)
    firm = actions.firm_of(request.user)
    ways = remedies([*verdict.gaps, *verdict.unsure], request.user, firm)
    names, shown = severities(), [*verdict.gaps, *verdict.unsure]
    known = addresses(
        cite for gap in shown for cite in (*gap["cites"], *(gap["penalty"]["cites"] if gap["penalty"] else ()))
    )

    def rows(gaps: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {
                "q": gap, "cites": linked(gap["cites"], known), "ways": ways.get(gap["key"], []),
                "penalty": gap["penalty"]["words"] if gap["penalty"] else "",
                "penalty_cites": linked(gap["penalty"]["cites"], known) if gap["penalty"] else [],
            }
            for gap in gaps
        ]  # fmt: skip

    groups = [(name, words, rows([gap for gap in verdict.gaps if gap["severity"] == name])) for name, words in names.items()]  # fmt: skip
    before = check.before if own and check.before is not None and check.before.done_at is not None else None
    return {
        "check": check, "verdict": verdict, "own": own, "firm": firm, "before": before, "weights": WEIGHTS,
        "groups": [group for group in groups if group[2]], "unsure": rows(verdict.unsure),
        "change": compare(verdict, judge(before.body, before.answers)) if before is not None else None,
        "newer": shipped().get(check.questionnaire.code) is not None
        and shipped()[check.questionnaire.code].digest != check.questionnaire.digest,
    }  # fmt: skip


@never_cache
@login_not_required
@require_GET
def result(request: HttpRequest, key: str) -> HttpResponse:
    """The gaps by severity, each with article, penalty and what closes it; the score and how it came about."""
    check = _check(request, key)
    if check.done_at is None:
        return redirect("supervision:selfcheck-run", key)
    context = _result(request, check, own=True)
    if check.share_key:
        context["shared_url"] = request.build_absolute_uri(
            reverse("supervision:selfcheck-shared", args=[check.share_key])
        )
    return render(request, "supervision/selfcheck/result.html", frame(request) | context)


@login_not_required
@require_GET
def shared(request: HttpRequest, key: str) -> HttpResponse:
    """A result that its owner shared, to read only. Whoever has the address sees it until the sharing is stopped."""
    checks = SelfCheck.objects.shared().select_related("questionnaire", "enterprise__organisation")
    check = get_object_or_404(checks, share_key=key)
    return render(request, "supervision/selfcheck/result.html", frame(request) | _result(request, check, own=False))


@login_not_required
@require_GET
def pdf(request: HttpRequest, key: str) -> HttpResponse:
    """The result on paper."""
    check = _check(request, key)
    if check.done_at is None:
        return redirect("supervision:selfcheck-run", key)
    response = HttpResponse(result_pdf(check, severities()), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="selfcheck-{check.done_at:%Y%m%d}.pdf"'
    return response


@login_not_required
@require_POST
def step(request: HttpRequest, key: str, step: str) -> HttpResponse:
    """again, keep, share, unshare, delete: each leads back to where it shows."""
    check = _check(request, key)
    if step == "again":
        fresh = actions.start_check(check.questionnaire.code, by=request.user, before=check)
        return redirect("supervision:selfcheck-run", fresh.key)
    if step == "delete":
        actions.delete_check(check, by=request.user)
        messages.success(request, _("这次自查已经删掉了。"))
        return redirect("supervision:selfchecks")
    if step == "keep":
        actions.keep_for_firm(check, by=request.user)
        messages.success(request, _("存进企业了。现在只有本企业的管理人员看得到。"))
    elif step in ("share", "unshare"):
        actions.share_check(check, step == "share", by=request.user)
        messages.success(
            request, _("有了只能看的网址，发给谁谁就能看。") if step == "share" else _("原来的网址打不开了。")
        )
    else:
        raise Refused(_("没有这一步。"), code="no_step", status=404)
    return redirect("supervision:selfcheck-result" if check.done_at else "supervision:selfcheck-run", key)
