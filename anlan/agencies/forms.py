"""What people type about agencies, contracts, services, training and associations."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.agencies.models import Engineer, Kind, PackItem, Topic
from anlan.enterprises.forms import Plain
from anlan.enterprises.industries import industries, name_of
from anlan.files.actions import store
from anlan.files.models import Blob
from anlan.lib.codes import Malformed, credit_code, is_demo, phone

DATE = {"type": "date"}
PICTURES = frozenset({"image/", "application/pdf"})
PAPERS = frozenset(
    {
        "image/",
        "application/pdf",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    }
)


def _checked(reader: Any, raw: str) -> str:
    try:
        found: str = reader(raw)
    except Malformed as error:
        raise forms.ValidationError(str(error.reason)) from None
    if is_demo(found) and not settings.ANLAN_DEMO:
        raise forms.ValidationError(_("这是演示用的号码，不能用于真实业务。"))
    return found


def _day(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"), **more)


def _many(label: Any, choices: Any, **more: Any) -> forms.MultipleChoiceField:
    boxes = forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})
    return forms.MultipleChoiceField(label=label, choices=choices, widget=boxes, **more)


def _text(label: Any, length: int, rows: int = 3, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=length, widget=forms.Textarea(attrs={"rows": rows}), **more)


def kept(upload: Any, owner: tuple[str, str], by_id: int | None, kinds: frozenset[str] = PAPERS) -> Blob | None:
    """Store what was uploaded, if anything was. Raises `Refused` (422) for another kind of file or one that is too large."""
    return store(upload, name=upload.name, owner=owner, by_id=by_id, kinds=kinds, max_mb=20) if upload else None


class ProfileForm(Plain):
    """What an agency says of itself."""

    kinds = _many(_("提供哪些服务"), Kind.choices)
    phone = forms.CharField(label=_("对外电话"), max_length=20, required=False)
    registration_number = forms.CharField(label=_("资质证书编号"), max_length=60, required=False)
    qualifications = forms.CharField(
        label=_("资质"), max_length=300, required=False, help_text=_("例如：安全评价机构资质（甲级），一行写完")
    )
    intro = _text(_("介绍"), 2000, 4, required=False)


class ApplyForm(ProfileForm):
    """An agency asks for an account."""

    name = forms.CharField(label=_("机构名称"), max_length=120, help_text=_("和营业执照一致"))
    credit_code = forms.CharField(label=_("统一社会信用代码"), max_length=40, help_text=_("营业执照上的 18 位代码"))
    region_code = forms.ChoiceField(label=_("所在县区"))

    field_order = (
        "name",
        "credit_code",
        "region_code",
        "kinds",
        "phone",
        "registration_number",
        "qualifications",
        "intro",
    )

    def __init__(self, *args: Any, regions: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region_code"].choices = regions  # type: ignore[attr-defined]

    def clean_credit_code(self) -> str:
        """Check the check character."""
        return _checked(credit_code, self.cleaned_data["credit_code"])


class OpenForm(ApplyForm):
    """The county opens an account and names its administrator."""

    admin_name = forms.CharField(label=_("管理员姓名"), max_length=60)
    admin_phone = forms.CharField(
        label=_("管理员手机号"), max_length=30, help_text=_("本人用这个号码收验证码登录，不用密码")
    )

    def clean_admin_phone(self) -> str:
        """Normalise the phone."""
        return _checked(lambda raw: phone(raw, allow_demo=settings.ANLAN_DEMO), self.cleaned_data["admin_phone"])


class PointForm(Plain):
    """A place of service."""

    name = forms.CharField(label=_("服务点名称"), max_length=60)
    address = forms.CharField(label=_("地址"), max_length=200)
    region_code = forms.ChoiceField(label=_("所在县区"))
    phone = forms.CharField(label=_("电话"), max_length=20, required=False)
    latitude = forms.FloatField(label=_("纬度"), min_value=3, max_value=54, help_text=_("例如 34.7466"))
    longitude = forms.FloatField(label=_("经度"), min_value=73, max_value=136, help_text=_("例如 113.6254"))

    def __init__(self, *args: Any, regions: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region_code"].choices = regions  # type: ignore[attr-defined]


class EngineerForm(Plain):
    """A registered safety engineer."""

    name = forms.CharField(label=_("姓名"), max_length=60)
    phone = forms.CharField(label=_("手机号"), max_length=30)
    number = forms.RegexField(
        r"^[0-9A-Za-z]{6,40}$", label=_("注册证号"), strip=True,
        error_messages={"invalid": _("注册证号是 6 位以上的数字或字母，不含空格。")},
    )  # fmt: skip
    category = forms.ChoiceField(label=_("专业类别"), choices=Engineer.Category.choices)
    valid_until = _day(_("有效期至"))
    certificate = forms.FileField(label=_("注册证照片"), help_text=_("照片或 PDF，20 MB 以内"))

    def clean_phone(self) -> str:
        """Normalise the phone."""
        return _checked(lambda raw: phone(raw, allow_demo=settings.ANLAN_DEMO), self.cleaned_data["phone"])


class AskForm(Plain):
    """A firm asks an agency."""

    kinds = _many(_("需要什么服务"), Kind.choices)
    wanted_by = _day(_("希望哪天以前做"))
    words = _text(_("说明"), 500, required=False, help_text=_("例如：焊接车间要做一次动火风险辨识"))


class OfferForm(Plain):
    """The agency's contract, with up to `ROWS` planned services."""

    ROWS = 6
    number = forms.CharField(label=_("合同编号"), max_length=60)
    kinds = _many(_("服务内容"), Kind.choices)
    since = _day(_("从"))
    until = _day(_("到"))
    fee = forms.DecimalField(label=_("总费用（元）"), min_value=0, max_value=100_000_000, decimal_places=2)
    words = _text(_("补充说明"), 500, required=False)
    file = forms.FileField(label=_("合同文本"), required=False, help_text=_("PDF、Word 或照片，20 MB 以内"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for n in range(self.ROWS):
            self.fields[f"kind_{n}"] = forms.ChoiceField(
                label=_("服务"), choices=[("", _("不安排")), *Kind.choices], required=False
            )
            self.fields[f"on_{n}"] = _day(_("计划日期"), required=False)
            self.fields[f"kind_{n}"].widget.attrs["class"] = "form-select"
            self.fields[f"on_{n}"].widget.attrs["class"] = "form-control"

    @property
    def rows(self) -> list[tuple[Any, Any]]:
        """The pairs of fields of the plan."""
        return [(self[f"kind_{n}"], self[f"on_{n}"]) for n in range(self.ROWS)]

    def clean(self) -> dict[str, Any]:
        """A planned service needs both its kind and its day."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        plan: list[tuple[str, date]] = []
        for n in range(self.ROWS):
            kind, on = values.get(f"kind_{n}"), values.get(f"on_{n}")
            if kind and on:
                plan.append((kind, on))
            elif kind and f"on_{n}" not in self.errors:
                self.add_error(f"on_{n}", _("选了服务，请写上计划日期。"))
            elif on:
                self.add_error(f"kind_{n}", _("写了日期，请选服务。"))
        values["plan"] = plan
        return values


class PlanForm(Plain):
    """One more service."""

    kind = forms.ChoiceField(label=_("服务"), choices=Kind.choices)
    planned_on = _day(_("计划日期"))


class DeliverForm(Plain):
    """What was done."""

    summary = _text(_("做了什么、发现了什么"), 1000, 4)
    report = forms.FileField(label=_("服务报告"), required=False, help_text=_("PDF、Word 或照片，20 MB 以内"))


SCORES = [(5, _("5 分，很好")), (4, _("4 分，好")), (3, _("3 分，一般")), (2, _("2 分，差")), (1, _("1 分，很差"))]


class RateForm(Plain):
    """Three aspects and words."""

    skill = forms.TypedChoiceField(label=_("专业水平"), choices=SCORES, coerce=int)
    timeliness = forms.TypedChoiceField(label=_("按时程度"), choices=SCORES, coerce=int)
    effect = forms.TypedChoiceField(label=_("实际效果"), choices=SCORES, coerce=int)
    words = _text(_("想说的话"), 500, required=False)


class TrainingForm(Plain):
    """A firm asks for training."""

    topic = forms.ChoiceField(label=_("要培训什么"), choices=Topic.choices)
    people = forms.IntegerField(label=_("多少人"), min_value=1, max_value=5000)
    wanted_from = _day(_("最早哪天"))
    wanted_until = _day(_("最晚哪天"))
    on_site = forms.BooleanField(label=_("请老师到企业来"), required=False)
    words = _text(_("说明"), 500, required=False)


class ProviderForm(Plain):
    """What a training institution can do."""

    is_open = forms.BooleanField(label=_("现在接培训申请"), required=False)
    topics = _many(_("可以做哪些培训"), Topic.choices)
    industries = forms.CharField(
        label=_("擅长的行业"), max_length=200, required=False,
        help_text=_("行业代码，用逗号隔开：C33 金属制品业，C21 家具制造业，F 批发和零售业"),
    )  # fmt: skip
    capacity = forms.IntegerField(label=_("最大教室坐多少人"), min_value=0, max_value=5000)
    least = forms.IntegerField(label=_("至少多少人开班"), min_value=1, max_value=5000)
    on_site = forms.BooleanField(label=_("可以到企业授课"), required=False)
    address = forms.CharField(label=_("地址"), max_length=200, required=False)
    phone = forms.CharField(label=_("电话"), max_length=20, required=False)
    latitude = forms.FloatField(label=_("纬度"), min_value=3, max_value=54, required=False)
    longitude = forms.FloatField(label=_("经度"), min_value=73, max_value=136, required=False)

    def clean_industries(self) -> list[str]:
        """Codes of the standard."""
        codes = [
            code
            for code in self.cleaned_data["industries"].upper().replace("，", ",").replace(" ", ",").split(",")
            if code
        ]
        unknown = [code for code in codes if code not in industries()]
        if unknown:
            raise forms.ValidationError(_("认不出行业代码 %(codes)s。") % {"codes": "、".join(unknown[:5])})
        return list(dict.fromkeys(codes))


def industry_words(codes: list[str]) -> str:
    """The names of industries, for reading."""
    return "、".join(name_of(code) for code in codes)


class AgreeForm(Plain):
    """The institution takes a request."""

    agreed_on = _day(_("哪天开始"))
    words = forms.CharField(label=_("给企业的话"), max_length=300, required=False)

    def clean_agreed_on(self) -> date:
        """Today or later."""
        day: date = self.cleaned_data["agreed_on"]
        if day < timezone.localdate():
            raise forms.ValidationError(_("这一天已经过去，请选今天或以后。"))
        return day


class InviteForm(Plain):
    """A firm by its credit code."""

    credit_code = forms.CharField(label=_("统一社会信用代码"), max_length=40)

    def clean_credit_code(self) -> str:
        """Check the check character."""
        return _checked(credit_code, self.cleaned_data["credit_code"])


class PackForm(Plain):
    """A course or standard of the trade."""

    kind = forms.ChoiceField(label=_("类别"), choices=PackItem.Kind.choices)
    title = forms.CharField(label=_("名称"), max_length=120)
    note = forms.CharField(label=_("说明"), max_length=300, required=False)
    course_slug = forms.SlugField(
        label=_("平台课程的短名"), max_length=120, required=False, allow_unicode=True, help_text=_("课程网址里最后一段")
    )
    url = forms.URLField(label=_("网址"), max_length=300, required=False, assume_scheme="https")
    file = forms.FileField(label=_("文件"), required=False, help_text=_("PDF、Word 或图片，20 MB 以内"))
    members_only = forms.BooleanField(label=_("只给会员看"), required=False, initial=True)


class PushForm(Plain):
    """A message to the members."""

    title = forms.CharField(label=_("标题"), max_length=80)
    text = _text(_("内容"), 1000, 4)


class PublicationForm(Plain):
    """A text to be published together."""

    title = forms.CharField(label=_("标题"), max_length=120)
    text = _text(_("正文"), 10000, 8)
    partners = _many(_("联合发布方"), [])
    file = forms.FileField(label=_("附件"), required=False, help_text=_("PDF、Word 或图片，20 MB 以内"))

    def __init__(self, *args: Any, partners: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partners"].choices = partners  # type: ignore[attr-defined]
