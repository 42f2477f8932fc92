"""What people type."""

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from anlan.certificates.checking import MAX_BYTES
from anlan.certificates.models import Revocation


def plain_number(text: str) -> str:
    """A certificate number without the spaces and dashes that people read and type, in half-width capitals."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).upper() if char.isalnum())


class NumberForm(forms.Form):
    """A number to verify."""

    number = forms.CharField(
        label=_("证书编号"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"class": "form-control al-num", "placeholder": "AL 2026 1234 5678 K", "autocomplete": "off"}
        ),
        help_text=_("在证书右上角，AL 开头。空格不用输。"),
    )

    def clean_number(self) -> str:
        """Return it without spaces."""
        number = plain_number(self.cleaned_data["number"])
        if not number.isascii() or not number:
            raise ValidationError(_("编号只有英文字母和数字，请再核对。"))
        return number


class FileForm(forms.Form):
    """A PDF to verify."""

    file = forms.FileField(
        label=_("证书文件"),
        widget=forms.ClearableFileInput(attrs={"class": "form-control", "accept": "application/pdf,.pdf"}),
        help_text=_("平台签发的 PDF 原件，不超过 2 MB。文件只用来核对，不保存。"),
    )

    def clean_file(self) -> Any:
        """Refuse what is too large before it is read."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise ValidationError(_("文件超过 2 MB。平台签发的证书只有约 100 KB，请选 PDF 原件。"))
        return file


class RevocationForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's forms take no parameters at run time
    """Why a certificate is to be revoked."""

    class Meta:
        model = Revocation
        fields = ["because"]
        labels = {"because": _("注销原因")}
        help_texts = {"because": _("持证人和所在单位会看到，公开查验不显示。")}
        widgets = {
            "because": forms.Textarea(
                attrs={"class": "form-control", "rows": 3, "placeholder": _("例：考试由他人代考，已核实")}
            )
        }
