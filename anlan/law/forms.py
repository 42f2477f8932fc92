"""Forms of the law desk."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class TextsForm(forms.Form):
    """The upload of texts."""

    file = forms.FileField(
        label=_("法规文件"),
        error_messages={"required": _("请先选一个文件。"), "empty": _("这个文件是空的。")},
        widget=forms.FileInput(attrs={"class": "form-control", "accept": ".docx,.md,.txt,.zip"}),
    )


class DatesForm(forms.Form):
    """What an editor found out about a version."""

    effective_on = forms.DateField(
        label=_("施行日期"),
        widget=forms.DateInput(attrs={"class": "form-control", "type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("请填写施行日期。"), "invalid": _("日期请写成 2024-03-01 这样。")},
    )
    source = forms.CharField(
        label=_("依据"),
        max_length=200,
        help_text=_("例如：修改决定的名称和条文，或公报期号。"),
        widget=forms.TextInput(attrs={"class": "form-control"}),
        error_messages={"required": _("请写明依据，别人才能复查。")},
    )
