"""What people type about inspections, reports and checklists."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import User
from anlan.enterprises.models import Enterprise
from anlan.hazards.forms.hazards import Plain, day_field, words_field
from anlan.hazards.models import Checklist, Hazard
from anlan.hazards.visits import lists_for


class Lists(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Checklists by name, place and number of items."""

    def label_from_instance(self, obj: Any) -> str:
        """Name, where it is walked, how long it is."""
        n = len(obj.current.items)
        return f"{obj.name}　{obj.place}　{n} 项" if obj.place else f"{obj.name}　{n} 项"


class OpenForm(Plain):
    """An inspection beside the plan."""

    uid = forms.UUIDField(widget=forms.HiddenInput)
    checklists = Lists(
        label=_("用哪些检查表"),
        queryset=Checklist.objects.none(),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )
    plan = words_field(_("为什么查、查什么"), required=False, rows=2)
    due_on = day_field(_("最晚哪天查"), required=False)
    inspector = forms.ModelChoiceField(
        label=_("谁去查"), queryset=User.objects.none(), required=False, empty_label=_("我自己")
    )

    def __init__(self, *args: Any, firm: Enterprise, user: User, colleagues: Any, **kwargs: Any) -> None:
        mine, chosen = lists_for(firm, user)
        today = timezone.localdate()
        kwargs["initial"] = {"checklists": list(chosen), "due_on": today} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        lists: Any = self.fields["checklists"]
        lists.queryset = Checklist.objects.in_use().filter(pk__in=[one.pk for one in mine]).order_by("code")
        people: Any = self.fields["inspector"]
        people.queryset = colleagues


class ItemForm(Plain):
    """One item of a checklist."""

    group = forms.CharField(label=_("属于哪一组"), max_length=20)
    text = forms.CharField(
        label=_("怎样算符合"), max_length=80, help_text=_("看得见、问得出的事实，例如：安全出口没有锁闭")
    )
    how = forms.CharField(label=_("怎么查"), max_length=120, required=False)
    cite = forms.CharField(
        label=_("依据"), max_length=200, required=False, help_text=_("法条或标准号，几个之间用分号隔开")
    )
    photo = forms.BooleanField(label=_("不符合时要拍照"), required=False)
    title = forms.CharField(label=_("不符合时隐患怎么写"), max_length=80, required=False)
    kind = forms.ChoiceField(label=_("隐患类别"), choices=Hazard.Kind.choices)
    measure = words_field(_("建议怎么改"), required=False, rows=2)
    major = forms.CharField(
        label=_("符合哪条重大隐患判定标准"), max_length=200, required=False, help_text=_("不是重大隐患就空着")
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def values(self) -> dict[str, Any]:
        """The item as the action takes it."""
        given = self.cleaned_data
        names = ("group", "text", "how", "cite", "photo", "major")
        return {name: given[name] for name in names} | {
            "hazard": {name: given[name] for name in ("title", "kind", "measure")}
        }
