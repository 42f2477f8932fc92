"""What every sign-up asks beside the phone, by form or through another account. Alone in its module: allauth imports it
while its own forms are being made."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from anlan.channels.sms import ensure_ready
from anlan.lib.errors import Refused


class NameForm(forms.Form):
    """The person's name. Refused early when no code could be sent, so that no half account is made."""

    name = forms.CharField(label=_("姓名"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    field_order = ("name", "phone")

    def clean_name(self) -> str:
        """Return the name without spaces around it."""
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean(self) -> dict[str, Any]:
        """Ask whether a code can be sent at all."""
        try:
            ensure_ready()
        except Refused as refused:
            raise forms.ValidationError(str(refused.message)) from None
        return super().clean() or self.cleaned_data

    def signup(self, request: HttpRequest, user: object) -> None:
        """Add nothing: the adapter has kept the name."""
