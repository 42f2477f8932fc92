"""The file of a firm, one group of fields at a time."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from anlan.enterprises.file_fields import CUSTOM, GROUPS, LABELS, value_of
from anlan.enterprises.forms.plain import Plain, day_field, read_number
from anlan.enterprises.industries import industries
from anlan.enterprises.models import CustomField, Enterprise
from anlan.lib.codes import credit_code, mask_phone, phone

YES_NO = (("", _("还不清楚")), ("yes", _("有")), ("no", _("没有")))


class YesNo(forms.TypedChoiceField):
    """Yes, no, or nobody has said yet: three answers that a checkbox cannot tell apart."""

    def __init__(self, label: Any, **more: Any) -> None:
        super().__init__(
            label=label, choices=YES_NO, required=False, empty_value=None, widget=forms.RadioSelect,
            coerce=lambda text: text == "yes", **more,
        )  # fmt: skip

    def prepare_value(self, value: Any) -> Any:
        """Show a stored answer as its choice."""
        return {True: "yes", False: "no", None: ""}.get(value, value)


class GroupForm(Plain):
    """Some fields of the file. `firm` is the one being edited; None for a new one."""

    def __init__(self, *args: Any, firm: Enterprise | None = None, **kwargs: Any) -> None:
        self.firm = firm
        super().__init__(*args, **kwargs)

    @property
    def wide(self) -> list[Any]:
        """The bound fields in the order of the form, without those that the template draws itself."""
        return [field for field in self if field.name not in ("industry", "latitude", "longitude")]


class RegisterForm(GroupForm):
    """Registration."""

    name = forms.CharField(label=LABELS["name"], max_length=120)
    credit_code = forms.CharField(
        label=LABELS["credit_code"],
        max_length=40,
        required=False,
        help_text=_("营业执照上的 18 位代码。没有营业执照的先空着"),
    )
    licence_number = forms.CharField(
        label=LABELS["licence_number"], max_length=40, required=False, help_text=_("旧执照上的注册号，有代码的不用填")
    )
    legal_person = forms.CharField(label=LABELS["legal_person"], max_length=60, help_text=_("个体工商户填经营者"))
    contact_phone = forms.CharField(
        label=LABELS["contact_phone"], max_length=30, required=False, help_text=_("手机号。别人只看到前三位和后四位")
    )
    registered_address = forms.CharField(label=LABELS["registered_address"], max_length=200, required=False)

    def clean_credit_code(self) -> str | None:
        """Check the check character where there is a code; demo codes only in the demo."""
        return read_number(credit_code, self.cleaned_data["credit_code"]) if self.cleaned_data["credit_code"] else None

    def clean_contact_phone(self) -> str:
        """Normalise the phone where there is one; the masked one that was shown means it stays."""
        value: str = self.cleaned_data["contact_phone"]
        if "*" in value and self.firm is not None:
            return str(self.firm.contact_phone)
        return read_number(lambda raw: phone(raw, allow_demo=settings.ANLAN_DEMO), value) if value else ""


class PlaceForm(GroupForm):
    """Place and premises."""

    address = forms.CharField(label=LABELS["address"], max_length=200, help_text=_("实际干活的地方，写到门牌"))
    latitude = forms.FloatField(label=LABELS["latitude"], min_value=3, max_value=54, required=False)
    longitude = forms.FloatField(label=LABELS["longitude"], min_value=73, max_value=136, required=False)
    floor_area = forms.IntegerField(label=_("场所面积（平方米）"), min_value=0, max_value=100_000_000, required=False)
    exits = forms.IntegerField(label=_("安全出口（个）"), min_value=0, max_value=999, required=False)
    meter_number = forms.CharField(label=LABELS["meter_number"], max_length=40, required=False)
    has_dormitory = YesNo(_("厂房里有人住宿吗"))

    def clean(self) -> dict[str, Any]:
        """A position has both coordinates."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if (values.get("latitude") is None) != (values.get("longitude") is None) and not self.errors:
            self.add_error("latitude", _("纬度和经度要一起填，或者都不填。"))
        return values


class IndustryMixin(forms.Form):
    """The industry, chosen from what a search finds."""

    industry = forms.CharField(label=LABELS["industry"], max_length=6, widget=forms.HiddenInput)

    def clean_industry(self) -> str:
        """One of the standard's entries below the section."""
        code: str = self.cleaned_data["industry"]
        if code not in industries() or industries()[code].level == 1:
            raise forms.ValidationError(_("请从查到的行业里选一个。"))
        return code


class BusinessForm(IndustryMixin, GroupForm):
    """Trade and size."""

    products = forms.CharField(label=LABELS["products"], max_length=200, required=False)
    headcount = forms.IntegerField(label=_("从业人数（人）"), min_value=0, max_value=1_000_000)
    revenue = forms.IntegerField(
        label=_("上年营业收入（万元）"),
        min_value=0,
        max_value=100_000_000,
        required=False,
        help_text=_("和人数一起决定规模，规模不用自己选"),
    )
    integrity = forms.ChoiceField(label=LABELS["integrity"], choices=Enterprise.Integrity.choices, required=False)
    standard = forms.ChoiceField(label=LABELS["standard"], choices=Enterprise.Standard.choices, required=False)


class HazardsForm(GroupForm):
    """What makes accidents grave."""

    has_chemicals = YesNo(_("存放或使用危险化学品吗"), help_text=_("油漆、酒精、液氨、氧气瓶都算"))
    has_special_equipment = YesNo(_("有特种设备吗"), help_text=_("锅炉、压力容器、电梯、行车、叉车"))
    has_special_operations = YesNo(_("有特殊作业吗"), help_text=_("动火、高处、吊装、临时用电、有限空间"))
    special_operations = forms.CharField(
        label=LABELS["special_operations"], max_length=200, required=False, help_text=_("例如 电焊、登高检修")
    )
    has_dust = YesNo(_("有可燃性粉尘吗"), help_text=_("木粉、面粉、铝粉、打磨抛光的粉尘"))
    has_confined_space = YesNo(_("有有限空间吗"), help_text=_("污水池、地窖、反应釜、料仓"))


class CustomForm(GroupForm):
    """The fields that an administrator added for this place. Their names are `custom.CODE`."""

    def __init__(self, *args: Any, firm: Enterprise | None = None, **kwargs: Any) -> None:
        super().__init__(*args, firm=firm, **kwargs)
        self.asked = list(CustomField.objects.asked_in(firm.organisation.region_code)) if firm is not None else []
        for one in self.asked:
            self.fields[CUSTOM + one.code] = _made(one)
        self.dress()

    def clean(self) -> dict[str, Any]:
        """Days become text, for the values are kept as JSON."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def _made(one: CustomField) -> forms.Field:
    more: dict[str, Any] = {"label": one.label, "required": one.required, "help_text": one.hint}
    picks = [(choice, choice) for choice in one.choices]
    if one.kind == CustomField.Kind.NUMBER:
        return forms.FloatField(**more)
    if one.kind == CustomField.Kind.DATE:
        return day_field(more.pop("label"), **more)
    if one.kind == CustomField.Kind.CHOICE:
        return forms.ChoiceField(choices=[("", "—"), *picks], **more)
    if one.kind == CustomField.Kind.CHOICES:
        return forms.MultipleChoiceField(choices=picks, widget=forms.CheckboxSelectMultiple, **more)
    if one.kind == CustomField.Kind.YES:
        return YesNo(one.label, help_text=one.hint)
    return forms.CharField(max_length=200, **more)


GROUP_FORMS: dict[str, type[GroupForm]] = {
    "register": RegisterForm,
    "place": PlaceForm,
    "business": BusinessForm,
    "hazards": HazardsForm,
    "custom": CustomForm,
}
assert list(GROUP_FORMS) == [group.key for group in GROUPS]  # noqa: S101  # one form for each group


def form_of(group: str, firm: Enterprise, data: Any = None) -> GroupForm:
    """The form of a group, filled with what the file holds; bound when there is `data`."""
    form = GROUP_FORMS[group](data, firm=firm)
    form.initial = {name: value_of(firm, name) for name in form.fields}
    if form.initial.get("contact_phone"):
        form.initial["contact_phone"] = mask_phone(form.initial["contact_phone"])
    return form


class NewFirmForm(IndustryMixin, Plain):
    """A firm that has no file yet, as the officer meets it: the least that makes one."""

    name = forms.CharField(label=LABELS["name"], max_length=120, help_text=_("照招牌或营业执照写"))
    credit_code = forms.CharField(
        label=LABELS["credit_code"], max_length=40, required=False, help_text=_("没有营业执照的空着，档案上会标明")
    )
    legal_person = forms.CharField(label=_("负责人"), max_length=60)
    contact_phone = forms.CharField(label=_("手机号"), max_length=30, required=False)
    address = forms.CharField(label=LABELS["address"], max_length=200)
    headcount = forms.IntegerField(label=_("大约多少人"), min_value=0, max_value=1_000_000)
    region_code = forms.ChoiceField(label=_("所在网格"))
    latitude = forms.FloatField(required=False, min_value=3, max_value=54, widget=forms.HiddenInput)
    longitude = forms.FloatField(required=False, min_value=73, max_value=136, widget=forms.HiddenInput)

    def __init__(self, *args: Any, regions: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region_code"].choices = regions  # type: ignore[attr-defined]

    clean_credit_code = RegisterForm.clean_credit_code

    def clean_contact_phone(self) -> str:
        """Normalise the phone where there is one."""
        value: str = self.cleaned_data["contact_phone"]
        return read_number(lambda raw: phone(raw, allow_demo=settings.ANLAN_DEMO), value) if value else ""
