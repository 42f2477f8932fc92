"""What people type about an enterprise, a worker, a roster."""

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.enterprises.industries import industries
from anlan.enterprises.models import Enterprise, Worker
from anlan.enterprises.roster_reading import Fault, Line, read_line
from anlan.lib.codes import Malformed, credit_code, is_demo, phone


class Plain(forms.Form):
    """A form whose fields look like the house's and tell what describes them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            kind = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            if isinstance(field.widget, forms.CheckboxInput):
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


class EnterpriseForm(Plain):
    """The file of one's own firm."""

    name = forms.CharField(label=_("企业名称"), max_length=120)
    credit_code = forms.CharField(label=_("统一社会信用代码"), max_length=40, help_text=_("营业执照上的 18 位代码"))
    legal_person = forms.CharField(label=_("法定代表人"), max_length=60)
    contact_phone = forms.CharField(
        label=_("安全联系电话"), max_length=30, required=False, help_text=_("手机号。别人只看到前三位和后四位")
    )
    industry = forms.CharField(label=_("行业"), max_length=6, widget=forms.HiddenInput)
    size = forms.ChoiceField(
        label=_("规模"), choices=Enterprise.Size.choices, help_text=_("按统计上大中小微型企业划分办法")
    )
    headcount = forms.IntegerField(label=_("从业人数"), min_value=0, max_value=1_000_000)
    products = forms.CharField(label=_("主要产品或服务"), max_length=200, required=False)
    address = forms.CharField(label=_("生产经营地址"), max_length=200)
    permit_number = forms.CharField(
        label=_("安全生产许可证号"), max_length=60, required=False, help_text=_("没有许可证的行业不用填")
    )
    permit_until = forms.DateField(
        label=_("许可证到期日"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def clean_credit_code(self) -> str:
        """Check the check character; demo codes only in the demo."""
        return _read(credit_code, self.cleaned_data["credit_code"])

    def clean_contact_phone(self) -> str:
        """Normalise the phone where there is one."""
        value = self.cleaned_data["contact_phone"]
        return _read(lambda raw: phone(raw, allow_demo=settings.ANLAN_DEMO), value) if value else ""

    def clean_industry(self) -> str:
        """One of the standard's entries below the section."""
        code: str = self.cleaned_data["industry"]
        if code not in industries() or industries()[code].level == 1:
            raise forms.ValidationError(_("请从查到的行业里选一个。"))
        return code

    def clean(self) -> dict[str, Any]:
        """A permit's end needs its number."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("permit_until") and not values.get("permit_number"):
            self.add_error("permit_number", _("填了到期日，请把许可证号也填上。"))
        return values


def _read(reader: Any, value: str) -> str:
    try:
        found: str = reader(value)
    except Malformed as error:
        raise forms.ValidationError(str(error.reason)) from None
    if is_demo(found) and not settings.ANLAN_DEMO:
        raise forms.ValidationError(_("这是演示用的号码，不能用于真实业务。"))
    return found


class WorkerForm(Plain):
    """One worker, by the same reading as a row of a roster."""

    name = forms.CharField(label=_("姓名"), max_length=60)
    id_number = forms.CharField(
        label=_("身份证号"), max_length=40, required=False, help_text=_("18 位。没有时可以只填手机号")
    )
    phone = forms.CharField(label=_("手机号"), max_length=30, required=False, help_text=_("本人用它收验证码登录"))
    job_title = forms.CharField(label=_("岗位或工种"), max_length=60, required=False)
    department = forms.CharField(label=_("部门或班组"), max_length=60, required=False)
    staff_number = forms.CharField(label=_("工号"), max_length=40, required=False)
    category = forms.ChoiceField(
        label=_("人员类别"),
        choices=Worker.Category.choices,
        initial=Worker.Category.OTHER,
        help_text=_("决定每年要学多少学时"),
    )
    hired_on = forms.DateField(
        label=_("入职日期"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, person_locked: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person_locked = person_locked
        if person_locked:
            for name in ("name", "id_number", "phone"):
                self.fields[name].disabled = True
                self.fields[name].help_text = ""

    line: Line

    def clean(self) -> dict[str, Any]:
        """Read the values as a roster's row would be; each complaint goes to its field."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        given: dict[str, Any] = {
            key: values.get(key) or ""
            for key in ("name", "id_number", "phone", "job_title", "department", "staff_number")
        }
        job: dict[str, Any] = {"category": values.get("category", ""), "hired_on": values.get("hired_on")}
        if self.person_locked:
            self.line = Line(0, **given, **job)
            return values
        today = timezone.localdate()
        for name in ("name", "id_number", "phone"):
            if given[name]:
                reason = _reason(name, given[name], today)
                if reason:
                    self.add_error(name, reason)
        if not given["id_number"] and not given["phone"]:
            self.add_error("phone", _("身份证号和手机号至少填一个。"))
        if job["hired_on"]:
            late = read_line(
                0, ["甲乙", given["phone"] or "0", job["hired_on"]], {"hired_on": 2}, allow_demo=True, today=today
            )
            if isinstance(late, Fault) and str(_("入职日期")) in late.reason:
                self.add_error("hired_on", _("入职日期还没有到，请核对。"))
        if not self.errors:
            found = read_line(
                0,
                list(given.values()),
                {key: n for n, key in enumerate(given)},
                allow_demo=settings.ANLAN_DEMO,
                today=today,
            )
            if isinstance(found, Fault):
                raise forms.ValidationError(found.reason)
            self.line = Line(
                0,
                found.name,
                found.id_number,
                found.phone,
                found.job_title,
                found.department,
                found.staff_number,
                **job,
            )
        return values


def _reason(name: str, text: str, today: date) -> str:
    """What a roster would say against one value alone."""
    columns = {"name": 0, "id_number": 1} if name == "name" else {"name": 0, name: 1}
    row: list[object] = [text, ""] if name == "name" else ["甲乙", text]
    found = read_line(0, row, columns, allow_demo=settings.ANLAN_DEMO, today=today)
    if isinstance(found, Line) or (name == "name" and not found.reason.startswith(str(_("姓名")))):
        return ""
    return found.reason.split("；")[0] + "。"


class RosterForm(forms.Form):
    """The upload."""

    file = forms.FileField(
        label=_("花名册文件"),
        error_messages={"required": _("请先选一个文件。"), "empty": _("这个文件是空的。")},
        widget=forms.FileInput(attrs={"class": "form-control", "accept": ".xlsx,.xls,.csv,text/csv"}),
    )
