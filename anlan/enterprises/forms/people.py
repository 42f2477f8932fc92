"""Workers and rosters."""

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.enterprises.forms.plain import Plain
from anlan.enterprises.models import Worker
from anlan.enterprises.roster_reading import Fault, Line, read_line


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
