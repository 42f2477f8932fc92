"""Editors put a guide right."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts import powers
from anlan.audit.models import Record
from anlan.law.actions.guides import edit_guide, stamp_of
from anlan.law.models import Guide
from anlan.law.reading import ref_words
from anlan.lib.codes import Malformed
from anlan.lib.errors import Refused
from anlan.lib.numerals import article as article_words


class Lines(forms.CharField):
    """A list, one entry a line."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"widget": forms.Textarea(attrs={"rows": 5}), **kwargs})

    def prepare_value(self, value: Any) -> Any:
        """Lists as lines."""
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """Lines as a list."""
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]


class Cites(Lines):
    """Short references, one a line: 安全生产法:97."""

    def clean(self, value: Any) -> Any:
        """Refuse what is no reference."""
        found = super().clean(value)
        for cite in found:
            try:
                article_words(cite)
            except Malformed as error:
                raise forms.ValidationError(f"{cite}：{error}") from None
        return found


class GuideForm(forms.Form):
    """The words of a guide in both languages."""

    title = forms.CharField(label=gettext_lazy("标题"), max_length=40)
    who = forms.CharField(label=gettext_lazy("谁要做"), max_length=400, widget=forms.Textarea(attrs={"rows": 2}))
    duty = Lines(label=gettext_lazy("要做什么"), max_length=2000, help_text=gettext_lazy("一行一件事，用动词开头。"))
    cost = forms.CharField(label=gettext_lazy("不做会怎样"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    cost_cites = Cites(
        label=gettext_lazy("后果的依据"), required=False, max_length=400, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("一行一条，例如 安全生产法:97"),
    )  # fmt: skip
    example = forms.CharField(
        label=gettext_lazy("小厂的例子"), max_length=1200, widget=forms.Textarea(attrs={"rows": 4})
    )
    see = Cites(
        label=gettext_lazy("相关条文"), required=False, max_length=400, widget=forms.Textarea(attrs={"rows": 2})
    )
    en_title = forms.CharField(label=gettext_lazy("标题（英文）"), max_length=120, required=False)
    en_who = forms.CharField(
        label=gettext_lazy("谁要做（英文）"), max_length=800, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    en_duty = Lines(label=gettext_lazy("要做什么（英文）"), max_length=4000, required=False)
    en_cost = forms.CharField(
        label=gettext_lazy("不做会怎样（英文）"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    en_example = forms.CharField(
        label=gettext_lazy("小厂的例子（英文）"),
        max_length=2400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"

    def texts(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The Chinese and the English words."""
        data = self.cleaned_data
        chinese = {name: value for name, value in data.items() if not name.startswith("en_")}
        return chinese, {name.removeprefix("en_"): value for name, value in data.items() if name.startswith("en_")}


def edit(request: HttpRequest, slug: str, ref: str) -> HttpResponse:
    """Change the words; every version stays in the record."""
    user: Any = request.user
    if not user.may(powers.EDIT_CONTENT):
        raise Refused(_("没有找到这一页"), code="not_found", status=404)
    guide = get_object_or_404(Guide.objects.select_related("statute"), statute__slug=slug, ref=ref)
    first = {**guide.body, **{f"en_{name}": value for name, value in guide.english.items()}}
    form = GuideForm(request.POST or None, initial=first)
    status = 200
    if request.method == "POST" and form.is_valid():
        chinese, english = form.texts()
        try:
            edit_guide(guide, by=user, body=chinese, english=english, seen=request.POST.get("seen", ""))
        except Refused as refused:
            form.add_error(None, str(refused.message))
            status = refused.status
        else:
            messages.success(request, _("要义已保存，公开页面已更新。"))
            return redirect("law:article", slug=slug, ref=ref)
    elif request.method == "POST":
        status = 422
    history = Record.objects.filter(verb="edit_guide", subject_kind="law.guide", subject_id=str(guide.pk)).order_by(
        "-pk"
    )[:10]
    return render(request, "law/guide.html", {
        "guide": guide, "form": form, "seen": stamp_of(guide), "history": history, "label": ref_words(ref),
        "english": [form[name] for name in form.fields if name.startswith("en_")],
        "chinese": [form[name] for name in form.fields if not name.startswith("en_")],
    }, status=status)  # fmt: skip
