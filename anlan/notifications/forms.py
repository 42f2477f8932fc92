"""The form of one's own channels."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from anlan.notifications.kinds import GROUPS
from anlan.notifications.models import Preference, Rhythm


class PreferenceForm(forms.Form):
    """Quiet hours and, for each group of messages, whether by SMS (`sms`) and how often by e-mail (`mail_GROUP`)."""

    sms = forms.MultipleChoiceField(choices=[(group, row[0]) for group, row in GROUPS.items()], required=False)
    sms_urgent = forms.BooleanField(label=_("紧急消息发短信"), required=False)
    wake = forms.BooleanField(label=_("免打扰时段里，紧急消息也发"), required=False)
    quiet_from = forms.TimeField(
        label=_("免打扰从"), widget=forms.TimeInput(attrs={"type": "time", "class": "form-control"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label=_("到"), widget=forms.TimeInput(attrs={"type": "time", "class": "form-control"}, format="%H:%M")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for group in GROUPS:
            self.fields[f"mail_{group}"] = forms.ChoiceField(choices=Rhythm.choices, required=False)

    @classmethod
    def of(cls, preference: Preference) -> PreferenceForm:
        """The form as the person last left it."""
        initial = {
            name: getattr(preference, name) for name in ("sms", "sms_urgent", "wake", "quiet_from", "quiet_until")
        }
        return cls(initial=initial | {f"mail_{group}": preference.mail.get(group, Rhythm.NEVER) for group in GROUPS})

    def rows(self) -> list[dict[str, Any]]:
        """One row per group: its words, whether SMS is ticked, the e-mail field."""
        ticked = self["sms"].value() or []
        return [
            {"group": group, "name": name, "example": example, "sms": group in ticked, "mail": self[f"mail_{group}"]}
            for group, (name, example, _kinds) in GROUPS.items()
        ]

    def rhythms(self) -> dict[str, str]:
        """{group: rhythm} as chosen."""
        return {group: self.cleaned_data[f"mail_{group}"] for group in GROUPS}


class EmailForm(forms.Form):
    """An address; empty to have none."""

    email = forms.EmailField(label=_("邮箱"), required=False, max_length=120)
