"""Blueprints: how papers are drawn."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from anlan.accounts import powers
from anlan.exams.actions.blueprints import describe, full_of, kinds_of, matching, save_blueprint
from anlan.exams.forms import newest, own_courses, rules_from
from anlan.exams.models import Blueprint, Question
from anlan.exams.papers import Rule
from anlan.exams.questions import KINDS
from anlan.exams.show import paper_html
from anlan.exams.stock import stock_of
from anlan.exams.views import Request
from anlan.lib.asked import number
from anlan.lib.errors import Refused

ROWS = 5


def _teacher(request: Request) -> Any:
    if not request.user.may(powers.TEACH) or request.user.post is None or request.user.post.organisation is None:
        raise Refused(_("组卷规则只对教师开放。"), code="not_teacher", status=403)
    return request.user


@require_GET
def index(request: Request) -> HttpResponse:
    """The newest version of each blueprint."""
    user = _teacher(request)
    found = (
        newest(Blueprint.objects.visible_to(user))
        .select_related("course")
        .annotate(used=Count("exams"))
        .order_by("title")
    )
    rows = [(one, sum(kinds_of(one).values()), full_of(one)) for one in found]
    return render(request, "exams/blueprints.html", {"rows": rows})


@require_GET
def detail(request: Request, pk: int) -> HttpResponse:
    """One version: its rows, how many questions its frozen pools hold, and a sample paper (`?sample=` any number)."""
    blueprint = get_object_or_404(Blueprint.objects.visible_to(request.user).select_related("course"), pk=pk)
    owns = (
        request.user.may(powers.TEACH)
        and request.user.post is not None
        and request.user.post.organisation_id == blueprint.owner_id
    )
    sample = request.GET.get("sample", "") if owns else ""
    stock = stock_of(blueprint)
    context: dict[str, Any] = {
        "owns": owns,
        "blueprint": blueprint, "rules": [(describe(rule), rule, len(pool)) for rule, pool in zip(blueprint.rules, blueprint.pools, strict=True)],
        "full": full_of(blueprint), "count": sum(kinds_of(blueprint).values()),
        "versions": Blueprint.objects.visible_to(request.user).filter(owner_id=blueprint.owner_id, code=blueprint.code).order_by("-version"),
        "sample": paper_html(stock, stock.paper(int(sample))) if sample.isdecimal() and len(sample) < 10 else [],
        "next": int(sample) + 1 if sample.isdecimal() and len(sample) < 10 else 1,
    }  # fmt: skip
    context["newest"] = context["versions"][0].pk == blueprint.pk
    return render(request, "exams/blueprint.html", context)


def _edit(request: Request, previous: Blueprint | None) -> HttpResponse:
    user, post = _teacher(request), request.POST
    given = post.get("course", str((previous.course_id or "") if previous else request.GET.get("course", "")))
    course = own_courses(user).filter(pk=number(given)).first()
    rules: list[Rule] = rules_from(post) if request.method == "POST" else (previous.rules if previous else [])
    values = {
        name: post.get(name, str(getattr(previous, name, default)))
        for name, default in (("title", ""), ("minutes", 60), ("pass_mark", 80))
    }  # fmt: skip
    public = "is_public" in post if request.method == "POST" else (previous.is_public if previous else True)
    refused: Refused | None = None
    if request.method == "POST" and not {"count", "more"} & set(post):
        minutes, mark = (
            int(values[name]) if values[name].isdecimal() and len(values[name]) < 5 else 0
            for name in ("minutes", "pass_mark")
        )
        try:
            saved = save_blueprint(
                title=values["title"],
                rules=rules,
                minutes=minutes,
                pass_mark=mark,
                is_public=public,
                course=course,
                by=user,
                previous=previous,
            )
        except Refused as error:
            if error.status != 422 and error.code != "stale":
                raise
            refused = error
        else:
            messages.success(request, _("存成了第 %(n)d 版。已经安排的考试还用原来的版本。") % {"n": saved.version})
            return redirect("exams:blueprint", pk=saved.pk)
    questions = Question.objects.visible_to(user).live()
    if course is not None:
        questions = questions.filter(course=course)
    rows: list[Rule | None] = [*rules, *[None] * max(2 if "more" in post else 0, ROWS - len(rules))]
    context = {
        "previous": previous, "values": values, "public": public, "course_id": given, "courses": own_courses(user), "kinds": KINDS.items(),
        "rows": [(i, rule, len(matching(rule, user.post.organisation, course)) if rule and rule["kind"] in KINDS else None) for i, rule in enumerate(rows)],
        "points": questions.order_by("point").values_list("point", flat=True).distinct(), "refused": refused,
        "total": sum(rule["count"] for rule in rules), "full": sum(rule["count"] * rule["points"] for rule in rules),
        "supply": [(KINDS[row["kind"]], row["n"]) for row in questions.order_by("kind").values("kind").annotate(n=Count("id"))],
    }  # fmt: skip
    return render(request, "exams/blueprint_form.html", context, status=422 if refused else 200)


@require_http_methods(["GET", "POST"])
def new(request: Request) -> HttpResponse:
    """Write a blueprint."""
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
def edit(request: Request, pk: int) -> HttpResponse:
    """Write the next version of a blueprint."""
    user = _teacher(request)
    return _edit(
        request,
        get_object_or_404(
            Blueprint.objects.visible_to(user).select_related("course"), pk=pk, owner_id=user.post.organisation_id
        ),
    )
