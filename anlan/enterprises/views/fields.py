"""The fields that an administrator adds to the file."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from anlan.accounts import powers
from anlan.accounts.models import Region
from anlan.enterprises.actions import move_field, save_field
from anlan.enterprises.actions.fields import STEPS
from anlan.enterprises.forms import FieldForm
from anlan.enterprises.models import CustomField
from anlan.lib.errors import Refused


def _gate(request: HttpRequest) -> Any:
    user: Any = request.user
    if not user.may(powers.SET_RULES) or user.post is None or not user.post.is_territorial:
        raise Refused(_("档案字段由县区以上的监管部门设定。换一个身份再来。"), code="not_rules", status=404)
    return user


def field_list(request: HttpRequest) -> HttpResponse:
    """The fields of one's territory in their order, those from above, those out of use."""
    user = _gate(request)
    fields = list(CustomField.objects.visible_to(user))
    names = dict(Region.objects.filter(pk__in={one.region_code for one in fields}).values_list("code", "full_name"))
    rows: list[dict[str, Any]] = [
        {"field": one, "place": names.get(one.region_code, one.region_code), "own": one.can_edit(user)}
        for one in fields
    ]
    context = {
        "rows": [row for row in rows if row["field"].retired_on is None],
        "retired": [row for row in rows if row["field"].retired_on is not None],
        "place": names.get(user.post.region_code) or Region.objects.filter(pk=user.post.region_code).first(),
    }
    return render(request, "enterprises/fields.html", context)


def field_new(request: HttpRequest) -> HttpResponse:
    """Add a field."""
    _gate(request)
    return _form_page(request, None)


def field_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a field of one's own territory."""
    user = _gate(request)
    field = get_object_or_404(CustomField.objects.visible_to(user), pk=pk)
    if not field.can_edit(user):
        raise Refused(_("这个字段由上级设定，这里不能改。"), code="above", status=404)
    return _form_page(request, field)


def _form_page(request: HttpRequest, field: CustomField | None) -> HttpResponse:
    user: Any = request.user
    initial = None
    if field is not None:
        initial = {
            "label": field.label, "kind": field.kind, "choices": "\n".join(field.choices), "hint": field.hint,
            "required": field.required,
        }  # fmt: skip
    form = FieldForm(request.POST or None, initial=initial, existing=field)
    if request.method == "POST" and form.is_valid():
        try:
            save_field(field, form.cleaned_data, by=user)
        except Refused as refused:
            if not refused.field:
                raise
            form.add_error(refused.field, str(refused.message))
        else:
            messages.success(request, _("字段已保存，企业和网格员填档案时会看到。"))
            return redirect("enterprises:fields")
    return render(
        request, "enterprises/field.html", {"form": form, "field": field}, status=422 if form.is_bound else 200
    )


@require_POST
def field_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Up, down, out of use, back into use."""
    user = _gate(request)
    field = get_object_or_404(CustomField.objects.visible_to(user), pk=pk)
    if step not in STEPS:
        raise Refused(_("没有这个操作。"), code="no_step", status=404)
    move_field(field, step, by=user)
    return redirect("enterprises:fields")
