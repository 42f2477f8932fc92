"""Forms of the editors. Lists are written line by line, so that they need no script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import Region, User
from anlan.content.models import Entry, NewsPage, Signature, ZonePage
from anlan.files.actions import store
from anlan.files.models import Blob
from anlan.lib.codes import Malformed
from anlan.lib.dates import SHANGHAI
from anlan.lib.numerals import article

PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp"})
FILMS: Final = frozenset({"video/mp4", "video/webm"})
PAPERS: Final = frozenset({"application/pdf", "application/vnd.", "application/zip", "image/"})


class Styled(forms.Form):
    """Fields wear the classes of the house and say what explains them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            select = isinstance(field.widget, forms.Select)
            if not isinstance(field.widget, (forms.HiddenInput, forms.CheckboxInput, forms.CheckboxSelectMultiple)):
                field.widget.attrs.setdefault("class", "form-select" if select else "form-control")


class LinesField(forms.CharField):
    """One entry a line; with `cells`, each line is cut at the first ｜ or | into that many named parts."""

    def __init__(self, *, cells: tuple[str, ...] = (), separators: str = "\n", rows: int = 3, **kwargs: Any) -> None:
        self.cells, self.separators = cells, separators
        kwargs.setdefault("required", False)
        widget = forms.Textarea(attrs={"rows": rows}) if separators == "\n" else forms.TextInput()
        super().__init__(widget=widget, max_length=20_000, **kwargs)

    def to_python(self, value: Any) -> Any:
        """Split into lines, and lines into parts."""
        lines = [part.strip() for part in re.split(f"[{self.separators}]", value or "") if part.strip()]
        if not self.cells:
            return lines
        rows = []
        for line in lines:
            parts = [part.strip() for part in re.split("[|｜]", line, maxsplit=len(self.cells) - 1)]
            rows.append(dict(zip(self.cells, parts + [""] * (len(self.cells) - len(parts)), strict=True)))
        return rows

    def prepare_value(self, value: Any) -> Any:
        """Join what comes from a page; leave what a person typed."""
        if value is None or isinstance(value, str):
            return value
        if self.cells:
            return "\n".join(" | ".join(str(row.get(cell, "")) for cell in self.cells).strip(" |") for row in value)
        return ("\n" if self.separators == "\n" else "、").join(map(str, value))

    def validate(self, value: Any) -> None:
        """Ask for something where something is required."""
        if self.required and not value:
            raise ValidationError(self.error_messages["required"])

    def run_validators(self, value: Any) -> None:
        """The text was split; lengths are checked by `validate`."""


class CitesField(LinesField):
    """Short citations one a line: 安全生产法:28."""

    def validate(self, value: Any) -> None:
        """Every line must be a citation that we can read."""
        super().validate(value)
        for cite in value:
            try:
                article(cite)
            except Malformed as error:
                raise ValidationError(_now("“%(cite)s”：%(why)s") % {"cite": cite, "why": error}) from error


class PageForm(Styled):
    """What all pages have."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    title = forms.CharField(
        label=_("标题"), max_length=80, help_text=_("说出事实，例如“有限空间出事，多半死在救人的人”")
    )
    summary = forms.CharField(
        label=_("摘要"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("一两句话，列表和搜索里显示"),
    )
    body = forms.CharField(
        label=_("正文"),
        required=False,
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 16}),
        help_text=_("用 Markdown：**加粗**、“## ”开头是小标题、“- ”开头是列表"),
    )
    cites = CitesField(label=_("引用的法条"), rows=3, help_text=_("一行一条，例如“安全生产法:28”“消防法:6-2”"))
    tags = LinesField(label=_("标签"), separators="、,，\n", help_text=_("用顿号分开，例如“有限空间、中毒”"))
    industries = LinesField(
        label=_("行业"), separators="、,，\n", help_text=_("国民经济行业代码，例如“33、21”；不填是所有行业")
    )
    regions = LinesField(
        label=_("地区"), separators="、,，\n", help_text=_("区划代码或名称，例如“郑州市”；不填是不限地区")
    )
    also = LinesField(label=_("别的说法"), rows=3, help_text=_("大家会怎么问，一行一句，搜索会用到"))
    sources = LinesField(
        label=_("来源"), cells=("title", "url"), rows=2, help_text=_("一行一个：名称 | 网址（网址可以不写）")
    )
    author_name = forms.CharField(label=_("署名"), max_length=60)
    cover = forms.FileField(label=_("封面图"), required=False, help_text=_("JPG 或 PNG，不超过 8 MB"))
    cover_words = forms.CharField(label=_("图片说明和出处"), required=False, max_length=120)

    FILES: Final[dict[str, tuple[frozenset[str], int]]] = {
        "cover": (PICTURES, 8), "video": (FILMS, 300), "attachment": (PAPERS, 50),
    }  # fmt: skip

    def clean_tags(self) -> list[str]:
        """Marks are short and hold no bar."""
        tags: list[str] = self.cleaned_data["tags"]
        if any(len(tag) > 20 or "|" in tag for tag in tags):
            raise ValidationError(_now("一个标签不超过 20 个字，也不能有“|”。"))
        return list(dict.fromkeys(tags))

    def clean_industries(self) -> list[str]:
        """Codes of GB/T 4754: a letter, or up to four digits."""
        codes: list[str] = self.cleaned_data["industries"]
        wrong = [code for code in codes if not re.fullmatch("[A-T]|[0-9]{2,4}", code)]
        if wrong:
            raise ValidationError(_now("“%(code)s”不是行业代码，请写成“33”或“C”。") % {"code": wrong[0]})
        return codes

    def clean_regions(self) -> list[str]:
        """Codes as they are; names become codes where only one region has the name."""
        codes = []
        for word in self.cleaned_data["regions"]:
            found = list(Region.objects.filter(name=word).values_list("pk", flat=True)[:2]) or list(
                Region.objects.filter(pk=word).values_list("pk", flat=True)
            )
            if len(found) != 1:
                raise ValidationError(_now("没有认出“%(name)s”，请写区划代码。") % {"name": word})
            codes.append(found[0])
        return codes

    def values(self, by: User) -> dict[str, Any]:
        """What to keep: fields of the model; files that were chosen are stored (`Refused` when of another kind)."""
        data = {name: value for name, value in self.cleaned_data.items() if name != "seen"}
        for name, (kinds, most) in self.FILES.items():
            upload = data.pop(name, None)
            if upload:
                data[name] = store(
                    upload, name=upload.name, owner=("content.entry", ""), by_id=by.pk, kinds=kinds, max_mb=most
                )
        return data

    def draft_of(self, page: Entry) -> Entry:
        """`page` with what was typed, unsaved, for the preview."""
        for name, value in self.cleaned_data.items():
            if name not in ("seen", *self.FILES):
                setattr(page, name, value)
        return page


class NewsForm(PageForm):
    """A piece of news."""

    kind = forms.ChoiceField(label=_("类型"), choices=NewsPage.Kind.choices)
    level = forms.ChoiceField(label=_("级别"), choices=NewsPage.Level.choices)
    source_url = forms.URLField(label=_("原文网址"), required=False, max_length=400, assume_scheme="https")
    video = forms.FileField(label=_("视频"), required=False, help_text=_("MP4，不超过 300 MB"))
    video_words = forms.CharField(
        label=_("视频文字稿"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("给听不见的人看，有视频就要写"),
    )


class CaseForm(PageForm):
    """An accident."""

    accident = forms.CharField(label=_("事故类型"), max_length=20, help_text=_("机械伤害、触电、火灾……"))
    trade = forms.CharField(label=_("行业名称"), required=False, max_length=60)
    happened = forms.CharField(label=_("时间和地点"), required=False, max_length=60)
    deaths = forms.IntegerField(label=_("死亡人数"), min_value=0, max_value=9999, initial=0)
    injuries = forms.IntegerField(label=_("受伤人数"), min_value=0, max_value=9999, initial=0)
    loss_wan = forms.DecimalField(
        label=_("直接经济损失（万元）"), required=False, min_value=0, max_digits=10, decimal_places=1
    )
    timeline = LinesField(label=_("经过"), cells=("time", "text"), rows=6, help_text=_("一行一步：时间 | 发生了什么"))
    causes_direct = LinesField(label=_("直接原因"), rows=3, help_text=_("一行一条"))
    causes_indirect = LinesField(label=_("间接原因"), rows=3, help_text=_("一行一条"))
    violated = LinesField(
        label=_("违反的法条"), cells=("cite", "what"), rows=3, help_text=_("一行一条：安全生产法:36 | 违反了什么")
    )
    lessons = LinesField(label=_("教训"), rows=3, help_text=_("一行一条"))
    video = forms.FileField(label=_("短视频"), required=False, help_text=_("MP4，不超过 300 MB"))
    video_words = forms.CharField(label=_("视频文字稿"), required=False, widget=forms.Textarea(attrs={"rows": 4}))


class KnowledgeForm(PageForm):
    """An emergency card."""

    call = forms.CharField(label=_("打什么电话"), required=False, max_length=12, help_text=_("120、119"))
    steps = LinesField(
        label=_("三个步骤"), cells=("title", "text"), rows=3, help_text=_("三行，每行：做什么（八个字以内） | 怎么做")
    )
    never = LinesField(label=_("千万不要"), rows=3, help_text=_("一行一条"))
    checked = forms.CharField(
        label=_("专业核对"), required=False, max_length=120, help_text=_("谁、什么资格、哪天核对的")
    )


class FaqForm(PageForm):
    """A question and its answer."""

    topic = forms.CharField(label=_("归到哪一类"), max_length=40)


class DownloadForm(PageForm):
    """A handout."""

    attachment = forms.FileField(label=_("文件"), required=False, help_text=_("不传文件，就把正文排成 PDF"))


class ZoneForm(PageForm):
    """A zone."""

    kind = forms.ChoiceField(label=_("类型"), choices=ZonePage.Kind.choices)
    position = forms.IntegerField(label=_("排在第几"), min_value=0, max_value=999, initial=0)


class GuideForm(PageForm):
    """The plain words for an article, in both languages."""

    summary = body = cites = tags = industries = regions = also = sources = cover = cover_words = None  # type: ignore[assignment]
    title = forms.CharField(label=_("标题"), max_length=40)
    who = forms.CharField(label=_("谁要做"), max_length=400, widget=forms.Textarea(attrs={"rows": 2}))
    duty = LinesField(label=_("要做什么"), required=True, rows=5, help_text=_("一行一件事，用动词开头。"))
    cost = forms.CharField(label=_("不做会怎样"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    cost_cites = CitesField(label=_("后果的依据"), rows=2, help_text=_("一行一条，例如 安全生产法:97"))
    example = forms.CharField(label=_("小厂的例子"), max_length=1200, widget=forms.Textarea(attrs={"rows": 4}))
    see = CitesField(label=_("相关条文"), rows=2)
    title_en = forms.CharField(label=_("标题（英文）"), max_length=120, required=False)
    who_en = forms.CharField(
        label=_("谁要做（英文）"), max_length=800, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    duty_en = LinesField(label=_("要做什么（英文）"), rows=5)
    cost_en = forms.CharField(
        label=_("不做会怎样（英文）"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    example_en = forms.CharField(
        label=_("小厂的例子（英文）"), max_length=2400, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )


FORMS: Final[dict[str, type[PageForm]]] = {
    "news": NewsForm, "case": CaseForm, "knowledge": KnowledgeForm, "faq": FaqForm, "download": DownloadForm, "zone": ZoneForm, "guide": GuideForm,
}  # fmt: skip
FIRST: Final = {
    "news": ("title", "kind", "level", "summary", "body"),
    "case": ("title", "accident", "trade", "happened", "summary", "deaths", "injuries", "loss_wan", "timeline", "causes_direct", "causes_indirect", "violated", "lessons", "body"),
    "knowledge": ("title", "summary", "call", "steps", "never", "body", "sources", "checked"),
    "faq": ("title", "topic", "body"),
    "download": ("title", "summary", "body", "attachment"),
    "zone": ("title", "kind", "position", "summary", "body"),
    "guide": ("title", "who", "duty", "cost", "cost_cites", "example", "see", "author_name"),
}  # fmt: skip
"""The order of what people write first; the rest follows under 更多."""


def initial_of(page: Entry) -> dict[str, Any]:
    """What a form shows of a page as it is being written."""
    names = {name for form in FORMS.values() for name in form.base_fields}
    found = {name: getattr(page, name) for name in names if hasattr(page, name)}
    return {name: value for name, value in found.items() if not isinstance(value, Blob)} | {"title": page.title}


class SignForm(Styled):
    """A signature on exactly one text."""

    kind = forms.ChoiceField(choices=[(k, k) for k in (Signature.Kind.REVIEW, Signature.Kind.PROOF)])
    seen = forms.CharField(max_length=64)
    words = forms.CharField(required=False, max_length=1000)
    checks = forms.MultipleChoiceField(required=False, choices=list(Signature.CHECKS.items()))


class WordsForm(Styled):
    """A reason."""

    seen = forms.CharField(max_length=64, required=False)
    words = forms.CharField(required=False, max_length=1000)


class ReleaseForm(Styled):
    """Now, or at an hour of Shanghai."""

    day = forms.DateField(required=False)
    hour = forms.TimeField(required=False)

    def moment(self) -> Any:
        """The aware moment chosen, None for now. Raises `ValidationError` for half of one."""
        day, hour = self.cleaned_data.get("day"), self.cleaned_data.get("hour")
        if day is None and hour is None:
            return None
        if day is None or hour is None:
            raise ValidationError(_now("日期和时间都要选。"))
        return datetime.combine(day, hour, tzinfo=SHANGHAI)


def words_of(field: str) -> str:
    """The label of a field, for comparisons."""
    labels: Mapping[str, Any] = {name: f.label for form in FORMS.values() for name, f in form.base_fields.items()}
    return str(labels.get(field) or field)
