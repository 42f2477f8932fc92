"""What hangs on the file: permits, pictures, chemicals, equipment, spending; and the fields that an administrator adds."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.enterprises.file_fields import LABELS
from anlan.enterprises.forms.plain import Plain, day_field, read_number
from anlan.enterprises.models import CustomField, Equipment, Permit, Spending
from anlan.lib.codes import cas_number, credit_code


class PermitForm(Plain):
    """A permit, typed or read and confirmed."""

    name = forms.CharField(label=_("证照名称"), max_length=80, help_text=_("例如 安全生产许可证"))
    number = forms.CharField(label=_("编号"), max_length=80, required=False)
    issued_by = forms.CharField(label=_("发证机关"), max_length=120, required=False)
    valid_from = day_field(_("有效期从"), required=False)
    until = day_field(_("到期日"), required=False, help_text=_("长期有效的空着"))
    replaces = forms.ChoiceField(label=_("是哪一张换发的新证"), required=False, help_text=_("选了的那张会收起"))

    def __init__(self, *args: Any, held: Sequence[Permit] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.held = {str(one.pk): one for one in held}
        if held:
            choices = [("", _("不是换发")), *((key, str(one)) for key, one in self.held.items())]
            self.fields["replaces"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["replaces"]

    @property
    def replaced(self) -> Permit | None:
        """The permit that this one takes the place of."""
        return self.held.get(self.cleaned_data.get("replaces", ""))

    def clean(self) -> dict[str, Any]:
        """A permit ends after it begins."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        start, end = values.get("valid_from"), values.get("until")
        if start and end and end < start:
            self.add_error("until", _("到期日早于开始日，请核对。"))
        return values


class LicenceForm(Plain):
    """What a business licence says, beside its picture."""

    name = forms.CharField(label=LABELS["name"], max_length=120)
    credit_code = forms.CharField(label=LABELS["credit_code"], max_length=40)
    legal_person = forms.CharField(label=LABELS["legal_person"], max_length=60)
    registered_address = forms.CharField(label=LABELS["registered_address"], max_length=200, required=False)

    def clean_credit_code(self) -> str:
        """Check the check character: the machine misreads, too."""
        return read_number(credit_code, self.cleaned_data["credit_code"])


def _pictures(**more: Any) -> forms.FileInput:
    return forms.FileInput(attrs={"accept": "image/*,.heic,.heif", **more})


class ReadingForm(Plain):
    """A photograph of a licence or permit, to be read."""

    photo = forms.FileField(
        label=_("证照照片"), widget=_pictures(), help_text=_("拍正、拍全，字能看清就行"),
        error_messages={"required": _("请先拍一张或选一张照片。"), "empty": _("这个文件是空的。")},
    )  # fmt: skip


class PhotoForm(Plain):
    """A picture of the firm."""

    photo = forms.FileField(
        label=_("照片"), widget=_pictures(capture="environment"),
        error_messages={"required": _("请先拍一张或选一张照片。"), "empty": _("这个文件是空的。")},
    )  # fmt: skip
    caption = forms.CharField(
        label=_("拍的是什么"), max_length=80, required=False, help_text=_("例如 车间南门、配电柜")
    )


class ChemicalForm(Plain):
    """A hazardous chemical."""

    name = forms.CharField(label=_("名称"), max_length=80)
    cas = forms.CharField(
        label=_("CAS 号"), max_length=20, required=False, help_text=_("安全技术说明书第一页上有，例如 67-63-0")
    )
    most = forms.DecimalField(
        label=_("最大存量（吨）"), max_digits=10, decimal_places=3, min_value=Decimal(0), required=False
    )
    place = forms.CharField(label=_("存放位置"), max_length=120, required=False)

    def clean_cas(self) -> str:
        """Check the check digit where there is a number."""
        return read_number(cas_number, self.cleaned_data["cas"]) if self.cleaned_data["cas"] else ""


class EquipmentForm(Plain):
    """A piece of special equipment."""

    kind = forms.ChoiceField(label=_("类别"), choices=Equipment.Kind.choices)
    name = forms.CharField(label=_("名称"), max_length=80, help_text=_("例如 3 吨叉车"))
    number = forms.CharField(label=_("使用登记编号"), max_length=60, required=False)
    inspect_by = day_field(_("下次检验日期"), required=False)


class SpendingForm(Plain):
    """A budget or an invoice of one year."""

    uid = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label=_("记什么"), choices=Spending.Kind.choices, widget=forms.RadioSelect, initial="invoice"
    )
    purpose = forms.ChoiceField(label=_("用途"), choices=Spending.Purpose.choices)
    yuan = forms.CharField(label=_("金额（元）"), max_length=30, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    on = day_field(_("发票日期"), required=False)
    invoice_number = forms.CharField(label=_("发票号码"), max_length=40, required=False)
    note = forms.CharField(label=_("说明"), max_length=200, required=False)
    file = forms.FileField(
        label=_("发票照片或 PDF"), required=False, widget=forms.FileInput(attrs={"accept": "image/*,.heic,.pdf"})
    )

    def clean_yuan(self) -> int:
        """Hundredths of a yuan from what people type: 12,345.6, 1.2 万 is not understood. At most ten billion."""
        text = self.cleaned_data["yuan"].replace(",", "").replace("，", "").replace("￥", "").replace("¥", "").strip()
        whole, point, part = text.partition(".")
        if not (whole.isascii() and whole.isdigit() and len(whole) <= 10) or (
            point and not (part.isascii() and part.isdigit())
        ):
            raise forms.ValidationError(_("请只写数字，例如 3680 或 3680.50。"))
        if len(part) > 2:
            raise forms.ValidationError(_("金额最多写到分，也就是两位小数。"))
        fen = int(whole) * 100 + int((part or "0").ljust(2, "0"))
        if fen == 0:
            raise forms.ValidationError(_("金额要大于 0。"))
        return fen

    def clean_on(self) -> Any:
        """An invoice has been written already."""
        day = self.cleaned_data["on"]
        if day and day > timezone.localdate():
            raise forms.ValidationError(_("发票日期还没有到，请核对。"))
        return day

    def clean(self) -> dict[str, Any]:
        """An invoice has a day; a budget has neither number nor day."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("kind") == "invoice" and not values.get("on") and "on" not in self.errors:
            self.add_error("on", _("请填发票日期，它决定记在哪一年。"))
        return values


class FieldForm(Plain):
    """A field that an administrator adds to the file."""

    label = forms.CharField(label=_("字段名称"), max_length=40, help_text=_("填表人看到的问题，例如 除尘器型号"))
    kind = forms.ChoiceField(label=_("怎么填"), choices=CustomField.Kind.choices)
    choices = forms.CharField(
        label=_("选项"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("单选、多选才需要，一行一个"),
    )
    hint = forms.CharField(label=_("填写提示"), max_length=120, required=False)
    required = forms.BooleanField(label=_("必填，没填算档案不完整"), required=False)

    def __init__(self, *args: Any, existing: CustomField | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if existing is not None:  # values already given are of this kind
            self.fields["kind"].disabled = True

    def clean_choices(self) -> list[str]:
        """One per line, each once."""
        lines = [line.strip()[:40] for line in self.cleaned_data["choices"].splitlines()]
        return list(dict.fromkeys(line for line in lines if line))[:50]

    def clean(self) -> dict[str, Any]:
        """A choice has something to choose from."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("kind") in ("choice", "choices"):
            if len(values.get("choices") or []) < 2:
                self.add_error("choices", _("请至少写两个选项。"))
        else:
            values["choices"] = []
        return values
