"""Templates: list, page of one, new, copy, retire, two versions side by side."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.accounts import powers
from anlan.accounts.models import Region
from anlan.ledgers.actions import building as actions
from anlan.ledgers.comparing import compared
from anlan.ledgers.forms import TemplateForm
from anlan.ledgers.models import Entry, Template, TemplateVersion
from anlan.ledgers.show import lines
from anlan.ledgers.views import Request
from anlan.lib.asked import number
from anlan.lib.errors import Refused


def builder_only(request: Request) -> None:
    """Refuse whoever may neither set rules nor manage a firm."""
    actions.owned_by(request.user)


@require_GET
def index(request: Request) -> HttpResponse:
    """The templates one may use, one's own first; filters in the address."""
    builder_only(request)
    user, asked = request.user, request.GET
    visible = Template.objects.visible_to(user)
    if user.post and user.post.is_territorial:
        visible = visible.filter(enterprise=None)
    mine = Template.objects.manageable_by(user)
    found = visible.filter(retired_at__isnull=asked.get("state") != "retired")
    if asked.get("category") in Template.Category.values:
        found = found.filter(category=asked["category"])
    if asked.get("owner") == "mine":
        found = found.filter(pk__in=mine.values("pk"))
    if words := asked.get("q", "").strip():
        found = found.filter(Q(name__icontains=words) | Q(about__icontains=words))
    drafts = set(
        TemplateVersion.objects.filter(template__in=mine, published_at=None).values_list("template_id", flat=True)
    )
    rows = found.filter(Q(current__isnull=False) | Q(pk__in=mine.values("pk"))).select_related(
        "current", "enterprise__organisation"
    )
    own = set(mine.values_list("pk", flat=True))
    used = dict(
        Entry.objects.visible_to(user)
        .kept()
        .filter(template__in=found)
        .order_by()
        .values_list("template_id")
        .annotate(n=Count("id"))
    )
    names = dict(
        Region.objects.filter(pk__in=[row.region_code for row in rows if row.region_code]).values_list("pk", "name")
    )
    table = [
        {
            "template": row,
            "owner": _owner(row, names),
            "mine": row.pk in own,
            "draft": row.pk in drafts,
            "used": used.get(row.pk, 0),
        }
        for row in rows.order_by("category", "pk")
    ]
    table.sort(key=lambda row: not row["mine"])
    context = {
        "rows": table,
        "categories": Template.Category.choices,
        "filtered": any(asked.get(n) for n in ("q", "category", "owner", "state")),
    }
    return render(request, "ledgers/templates.html", context)


def _owner(template: Template, names: dict[str, str]) -> str:
    if template.enterprise is not None:
        return template.enterprise.organisation.name
    return names.get(template.region_code, template.region_code) if template.region_code else _("平台自带")


def found_template(request: Request, pk: int) -> Template:
    """A visible template, or 404."""
    builder_only(request)
    return get_object_or_404(
        Template.objects.visible_to(request.user).select_related("current", "enterprise__organisation"), pk=pk
    )


@require_GET
def template(request: Request, pk: int) -> HttpResponse:
    """What a template asks for, its versions, and what may be done."""
    one = found_template(request, pk)
    mine = one.can_manage(request.user)
    versions = list(
        TemplateVersion.objects.visible_to(request.user).filter(template=one).select_related("published_by")
    )
    chosen = next((each for each in versions if each.number == number(request.GET.get("version"))), None)
    version = chosen or one.current or (versions[0] if versions else None)
    context = {
        "template": one, "mine": mine, "versions": versions, "version": version,
        "published": [each for each in versions if each.published_at], "draft": next((each for each in versions if not each.published_at), None),
        "lines": lines(version.fields, {}, form=True) if version else [],
        "owner": _owner(one, dict(Region.objects.filter(pk=one.region_code).values_list("pk", "name"))),
        "used": Entry.objects.visible_to(request.user).kept().filter(template=one).count(),
        "firm": request.user.may(powers.MANAGE_ENTERPRISE),
    }  # fmt: skip
    return render(request, "ledgers/template.html", context)


@require_http_methods(["GET", "POST"])
def new(request: Request) -> HttpResponse:
    """Begin a template of one's own."""
    builder_only(request)
    form = TemplateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = actions.create_template(form.cleaned_data, by=request.user)
        return redirect("ledgers:build", pk=made.pk)
    return render(request, "ledgers/template_form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def details(request: Request, pk: int) -> HttpResponse:
    """Change name, purpose, rhythm."""
    one = found_template(request, pk)
    if not one.can_manage(request.user):
        raise Refused(_("这个模板不归您管理，可以另存为自己的模板再改。"), code="not_yours", status=403)
    initial: dict[str, Any] = {name: getattr(one, name) for name in actions.DETAILS}
    form = TemplateForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.edit_template(one, form.cleaned_data, by=request.user)
        messages.success(request, _("已保存。"))
        return redirect("ledgers:template", pk=pk)
    return render(
        request, "ledgers/template_form.html", {"form": form, "template": one}, status=422 if form.errors else 200
    )


@require_POST
def copy(request: Request, pk: int) -> HttpResponse:
    """Make a template of one's own from this one."""
    made = actions.copy_template(found_template(request, pk), by=request.user)
    messages.success(request, _("已另存为您的模板，改好后发布。"))
    return redirect("ledgers:build", pk=made.pk)


@require_POST
def retire(request: Request, pk: int) -> HttpResponse:
    """Take out of use, or back."""
    one = found_template(request, pk)
    back = "restore" in request.POST
    actions.retire_template(one, by=request.user, retired=not back)
    messages.success(request, _("已恢复使用。") if back else _("已停用。已有的记录照常可看。"))
    return redirect("ledgers:template", pk=pk)


@require_GET
def compare(request: Request, pk: int) -> HttpResponse:
    """Two versions side by side: added, dropped, moved and changed fields."""
    one = found_template(request, pk)
    versions = list(TemplateVersion.objects.visible_to(request.user).filter(template=one))
    by_number = {each.number: each for each in versions}
    if len(versions) < 2:
        raise Refused(_("这个模板只有一版，没有可以比较的。"), code="one_version", status=404)
    new_one = by_number.get(number(request.GET.get("b")) or 0) or versions[0]
    old_one = by_number.get(number(request.GET.get("a")) or 0) or next(
        (v for v in versions if v.number < new_one.number), versions[-1]
    )
    context = {
        "template": one,
        "versions": versions,
        "old": old_one,
        "new": new_one,
        "rows": compared(old_one, new_one),
    }
    return render(request, "ledgers/compare.html", context)
