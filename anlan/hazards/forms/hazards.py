"""What people type about hazards: registering, and one small form for each verb of the life."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import Organisation, User
from anlan.enterprises.models import Mandate, Worker
from anlan.hazards.models import Hazard


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
                self.mark(name)

    def add_error(self, field: str | None, error: Any) -> None:
        """Add an error that an action found, and mark its field."""
        super().add_error(field if field in self.fields else None, error)
        if field in self.fields:
            self.mark(str(field))

    def mark(self, name: str) -> None:
        """Show that this field must be corrected."""
        attrs = self.fields[name].widget.attrs
        if "is-invalid" not in attrs.get("class", ""):
            attrs["class"] = f"{attrs.get('class', '')} is-invalid".strip()


class Photos(forms.ClearableFileInput):
    """Several photographs from the camera or the album."""

    allow_multiple_selected = True

    def __init__(self) -> None:
        super().__init__(
            attrs={"accept": "image/*,.heic,.heif", "multiple": True, "class": "form-control", "data-photos": ""}
        )


class PhotosField(forms.FileField):
    """A list of uploads; what they are is told by their content when they are kept."""

    widget = Photos

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        """Return the uploads."""
        given = data if isinstance(data, (list, tuple)) else [data] if data else []
        return [super(PhotosField, self).clean(one, initial) for one in given]


class DayInput(forms.DateInput):
    """The browser's own choice of a day."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


def day_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    """A day, as the browser sends it."""
    return forms.DateField(label=label, required=required, widget=DayInput(), help_text=help_text)


def words_field(label: Any, *, required: bool = True, help_text: Any = "", rows: int = 3) -> forms.CharField:
    """Words of at most 500 characters."""
    return forms.CharField(
        label=label, required=required, max_length=500, help_text=help_text, widget=forms.Textarea(attrs={"rows": rows})
    )


def yuan_field(*, required: bool = False) -> forms.DecimalField:
    """Money in yuan with at most two decimals."""
    return forms.DecimalField(
        label=_("资金（元）"), required=required, min_value=0, max_value=1_000_000_000, decimal_places=2,
        help_text=_("不花钱填 0"), widget=forms.NumberInput(attrs={"step": "0.01", "inputmode": "decimal"}),
    )  # fmt: skip


def photos_field(label: Any, *, help_text: Any = "") -> PhotosField:
    """Photographs, none is an answer unless the action says otherwise."""
    return PhotosField(label=label, required=False, help_text=help_text)


class VerbForm(Plain):
    """The base of the verb forms: knows the hazard and who is asking, carries the version that was seen."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    # By the device: when the pictures were taken, where, and what its clock says now.
    taken = forms.CharField(widget=forms.HiddenInput, required=False, max_length=2000)
    sent_at = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    latitude = forms.FloatField(widget=forms.HiddenInput, required=False, min_value=-90, max_value=90)
    longitude = forms.FloatField(widget=forms.HiddenInput, required=False, min_value=-180, max_value=180)
    accuracy = forms.FloatField(widget=forms.HiddenInput, required=False, min_value=0)

    def __init__(self, *args: Any, hazard: Hazard, user: User, **kwargs: Any) -> None:
        self.hazard, self.user = hazard, user
        kwargs["initial"] = {"version": hazard.version} | self.proposed() | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)

    def proposed(self) -> dict[str, Any]:
        """What the form offers."""
        return {}


class PlanForm(VerbForm):
    """The five musts."""

    measure = words_field(_("怎么改"))
    responsible = forms.CharField(label=_("责任人"), max_length=60)
    fixer = forms.ModelChoiceField(
        User.objects.none(),
        label=_("交给谁改"),
        required=False,
        empty_label=_("不指定"),
        help_text=_("选了的人会收到消息"),
    )
    deadline = day_field(_("期限"), help_text=_("遇休息日自动顺延到下一个工作日"))
    yuan = yuan_field()
    contingency = words_field(_("改好之前怎么保证安全"), required=False, rows=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fixer"].queryset = people_of(self.hazard.enterprise_id)  # type: ignore[attr-defined]
        for name in ("yuan", "contingency") if self.hazard.is_major else ():
            self.fields[name].required = True

    def proposed(self) -> dict[str, Any]:
        """What is settled already."""
        one = self.hazard
        yuan = None if one.fen is None else one.fen / 100
        return {
            "measure": one.measure, "responsible": one.responsible, "fixer": one.fixer_id, "deadline": one.deadline, "yuan": yuan,
            "contingency": one.contingency,
        }  # fmt: skip


class CureForm(VerbForm):
    """What was done, shown by photographs."""

    words = words_field(_("做了什么"), help_text=_("例如：料架移到 2 号库，门外划了黄线"))
    photos = photos_field(_("整改后的照片"), help_text=_("站在和整改前同样的位置拍，看得出是同一个地方"))


class PassForm(VerbForm):
    """Seen, and in order."""

    words = words_field(_("看到的情况"), required=False, rows=2)
    photos = photos_field(_("复查照片"))


class FailForm(VerbForm):
    """Seen, and not in order."""

    words = words_field(_("哪里还不行"))
    deadline = day_field(_("新的期限"), required=False, help_text=_("不选就按规定时限的三分之一"))
    photos = photos_field(_("复查照片"))


class WordsForm(VerbForm):
    """Only a reason."""

    words = words_field(_("说明"))


class ReopenForm(VerbForm):
    """A reason and a new deadline."""

    words = words_field(_("为什么重新打开"))
    deadline = day_field(_("新的期限"), required=False, help_text=_("不选就按规定时限的三分之一"))


class ReassignForm(VerbForm):
    """Who fixes it, and which agency helps."""

    fixer = forms.ModelChoiceField(User.objects.none(), label=_("交给谁改"), required=False, empty_label=_("不指定"))
    helper = forms.ModelChoiceField(
        Organisation.objects.none(), label=_("协助整改的机构"), required=False, empty_label=_("不用机构"),
        help_text=_("只列出和企业有服务合同的机构。协助整改的机构不能复查"),
    )  # fmt: skip
    words = words_field(_("说明"), required=False, rows=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = Mandate.objects.open().filter(enterprise_id=self.hazard.enterprise_id, organisation__kind="agency")
        self.fields["fixer"].queryset = people_of(self.hazard.enterprise_id)  # type: ignore[attr-defined]
        self.fields["helper"].queryset = Organisation.objects.filter(pk__in=held.values("organisation_id"))  # type: ignore[attr-defined]

    def proposed(self) -> dict[str, Any]:
        """Whoever has it now."""
        return {"fixer": self.hazard.fixer_id, "helper": self.hazard.helper_id}


class ExtendAskForm(VerbForm):
    """How long, and why."""

    until = day_field(_("延到哪一天"), help_text=_("遇休息日自动顺延到下一个工作日"))
    because = words_field(_("为什么改不完"))


class ExtendForm(VerbForm):
    """Yes or no to more time."""

    granted = forms.TypedChoiceField(
        label=_("答复"),
        choices=[("1", _("同意")), ("0", _("不同意"))],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
    )
    words = words_field(_("说明"), required=False, help_text=_("不同意要写理由"), rows=2)


class RegisterForm(Plain):
    """A new hazard, in the order in which one sees it."""

    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(
        label=_("看到了什么"), max_length=80, help_text=_("一句话写清看到的，例如：3 号车间东侧安全出口被料架堵住")
    )
    place = forms.CharField(label=_("在哪里"), max_length=80)
    detail = words_field(_("补充情况"), required=False, rows=2)
    kind = forms.ChoiceField(label=_("类别"), choices=[("", _("请选择")), *Hazard.Kind.choices])
    photos = photos_field(_("照片"), help_text=_("JPG、PNG、HEIC 都行，每张不超过 50 MB"))
    grade = forms.ChoiceField(
        label=_("隐患等级"), choices=Hazard.Grade.choices, initial="general", widget=forms.RadioSelect
    )
    criterion = forms.CharField(
        label=_("重大隐患判定依据"), max_length=200, required=False, help_text=_("符合判定标准的哪一条")
    )
    cite = forms.CharField(label=_("违反的条款"), max_length=200, required=False)
    measure = words_field(_("怎么改"), required=False, rows=2)
    responsible = forms.CharField(label=_("责任人"), max_length=60, required=False)
    deadline = day_field(_("整改期限"), help_text=_("遇休息日自动顺延到下一个工作日"))
    yuan = yuan_field()
    contingency = words_field(_("改好之前怎么保证安全"), required=False, rows=2)
    latitude = forms.FloatField(widget=forms.HiddenInput, required=False, min_value=-90, max_value=90)
    longitude = forms.FloatField(widget=forms.HiddenInput, required=False, min_value=-180, max_value=180)
    accuracy = forms.FloatField(widget=forms.HiddenInput, required=False, min_value=0)
    taken = forms.CharField(widget=forms.HiddenInput, required=False, max_length=2000)
    sent_at = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    def __init__(self, *args: Any, proposed: date, **kwargs: Any) -> None:
        kwargs["initial"] = {"deadline": proposed, "client_id": uuid.uuid4()} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """A major hazard names what makes it one."""
        given = super().clean() or {}
        if given.get("grade") == "major" and not given.get("criterion", "").strip():
            self.add_error("criterion", _("请写符合判定标准的哪一条。"))
        return given


class PenaltyForm(Plain):
    """A penalty decided outside the platform."""

    decided_on = day_field(_("决定日期"))
    document = forms.CharField(label=_("决定书文号"), max_length=80)
    article = forms.CharField(label=_("处罚依据"), max_length=80, help_text=_("例如：安全生产法第一百零二条"))
    yuan = forms.DecimalField(
        label=_("罚款（元）"), required=False, min_value=0, max_value=1_000_000_000, decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.01", "inputmode": "decimal"}),
    )  # fmt: skip
    stopped = forms.BooleanField(label=_("责令停产停业"), required=False)
    paper = forms.FileField(label=_("决定书"), required=False, help_text=_("PDF 或照片"))


class HolidayForm(Plain):
    """One official day."""

    day = day_field(_("日期"))
    works = forms.TypedChoiceField(
        label=_("这一天"),
        choices=[("0", _("休息")), ("1", _("上班"))],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
    )
    name = forms.CharField(label=_("名称"), max_length=40, help_text=_("例如：春节、国庆节调休"))
    source = forms.CharField(label=_("依据"), max_length=120, help_text=_("通知的名称和文号"))

    def clean_day(self) -> date:
        """A day that a calendar of these years can hold."""
        day: date = self.cleaned_data["day"]
        if not 2000 <= day.year <= timezone.localdate().year + 10:
            raise forms.ValidationError(_("年份不合理，请核对。"))
        return day


def people_of(enterprise_id: int) -> Any:
    """People with an open job in the firm, by name."""
    working = Worker.objects.working().filter(enterprise_id=enterprise_id)
    return User.objects.filter(pk__in=working.values("user_id")).order_by("name", "pk")
