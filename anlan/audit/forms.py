"""The filter of the record."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.audit.models import RecordQuerySet
from anlan.audit.verbs import VERBS


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d")


class RecordFilter(forms.Form):
    """Who, what, to whom, when. Every field may stay empty."""

    who = forms.CharField(
        label=_("人员"), required=False, max_length=40, widget=forms.TextInput(attrs={"class": "form-control"})
    )
    verb = forms.ChoiceField(
        label=_("做了什么"), required=False, widget=forms.Select(attrs={"class": "form-select"}), choices=()
    )
    about = forms.CharField(
        label=_("对象"), required=False, max_length=80, widget=forms.TextInput(attrs={"class": "form-control"})
    )
    first = forms.DateField(label=_("从"), required=False, widget=_day())
    last = forms.DateField(label=_("到"), required=False, widget=_day())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["verb"].choices = [("", _("全部操作")), *VERBS.items()]  # type: ignore[attr-defined]

    def apply(self, records: RecordQuerySet) -> RecordQuerySet:
        """Return the records that meet the valid conditions; invalid ones are shown and not applied."""
        self.is_valid()
        chosen = self.cleaned_data
        if who := chosen.get("who"):
            records = records.filter(actor_name__icontains=who)
        if verb := chosen.get("verb"):
            records = records.filter(verb=verb)
        return records.about(chosen.get("about", "")).between(chosen.get("first"), chosen.get("last"))

    @property
    def conditions(self) -> dict[str, str]:
        """The conditions in force, as plain text, for the record of an export."""
        return {name: str(value) for name, value in self.cleaned_data.items() if value}
