"""What every form of this app shares."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from anlan.lib.codes import Malformed, is_demo


class Plain(forms.Form):
    """A form whose fields look like the house's and tell what describes them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress()

    def dress(self) -> None:
        """Give the fields the classes of the house; again after adding some."""
        for field in self.fields.values():
            kind = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            if isinstance(field.widget, (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple)):
                kind = "form-check-input"
            field.widget.attrs.setdefault("class", kind)

    def full_clean(self) -> None:
        """Check, and mark the fields that must be corrected."""
        super().full_clean()
        for name in self.errors:
            if name in self.fields:
                self._mark(name)

    def add_error(self, field: str | None, error: Any) -> None:
        """Add an error that an action found, and mark its field."""
        super().add_error(field, error)
        if field in self.fields:
            self._mark(str(field))

    def _mark(self, name: str) -> None:
        attrs = self.fields[name].widget.attrs
        if "is-invalid" not in attrs.get("class", ""):
            attrs["class"] = f"{attrs.get('class', '')} is-invalid".strip()


def read_number(reader: Callable[[str], str], value: str) -> str:
    """The canonical number by a reader of `lib.codes`; its complaint becomes the form's. Demo numbers only in the demo."""
    try:
        found = reader(value)
    except Malformed as error:
        raise forms.ValidationError(str(error.reason)) from None
    if is_demo(found) and not settings.ANLAN_DEMO:
        raise forms.ValidationError(_("这是演示用的号码，不能用于真实业务。"))
    return found


def day_field(label: Any, **more: Any) -> forms.DateField:
    """A day, chosen from the browser's calendar or typed."""
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **more)
