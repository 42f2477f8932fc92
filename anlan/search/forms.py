"""The entry of the thesaurus as editors write it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.search.models import Term


class TermForm(forms.Form):
    """One wording a line."""

    kind = forms.ChoiceField(
        label=_("哪一种"),
        choices=[c for c in Term.Kind.choices if c[0] != Term.Kind.WORD],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    lay = forms.CharField(
        label=_("大家怎么说"),
        max_length=1500,
        widget=forms.Textarea(attrs={"rows": 4, "class": "form-control"}),
        help_text=_(
            "一行一个。中间可以隔几个字的，用“…”代替，如：拖欠…工资。情景：一行一组，用顿号隔开，每组都出现一个才算"
        ),
    )
    formal = forms.CharField(
        label=_("条文里怎么写"),
        max_length=1500,
        widget=forms.Textarea(attrs={"rows": 4, "class": "form-control"}),
        help_text=_("一行一个，照条文原样写。错别字只写一个正确写法"),
    )
    note = forms.CharField(
        label=_("说明"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control"}),
        help_text=_("什么情况下这样对应，可以不写"),
    )

    def lines(self) -> dict[str, Any]:
        """Return what `save_term()` takes."""
        data = self.cleaned_data
        return {
            "kind": data["kind"],
            "lay": data["lay"].splitlines(),
            "formal": data["formal"].splitlines(),
            "note": data["note"],
        }
