"""Forms of the teacher's desk."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from anlan.enterprises import industries
from anlan.lib.codes import Malformed
from anlan.lib.numerals import article
from anlan.training.media import subtitles
from anlan.training.models import Course


class LinesField(forms.CharField):
    """One entry a line; the value is a list of strings without empty ones."""

    def __init__(self, *, separators: str = "\n", rows: int = 3, **kwargs: Any) -> None:
        self.separators = separators
        kwargs.setdefault("required", False)
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def to_python(self, value: Any) -> Any:
        """Split."""
        return [part.strip() for part in re.split(f"[{self.separators}]", value or "") if part.strip()]

    def prepare_value(self, value: Any) -> Any:
        """Join what comes from the database; leave what a person typed."""
        return value if isinstance(value, str) or value is None else "\n".join(map(str, value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare as lists."""
        return bool(self.to_python(data) != (initial or []))


class Styled(forms.Form):
    """Fields wear the classes of the house."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not isinstance(field.widget, forms.HiddenInput):
                field.widget.attrs.setdefault("class", "form-control")


class Versioned(Styled):
    """A form that knows which version of the record it shows."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class CourseForm(Styled):
    """What a course says of itself."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, initial=0)
    title = forms.CharField(label=_("课程名称"), max_length=120, help_text=_("例：有限空间作业安全"))
    summary = forms.CharField(
        label=_("一句话简介"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("学完会做什么"),
    )  # fmt: skip
    audience = forms.CharField(label=_("谁该学"), max_length=200, required=False)
    objectives = LinesField(label=_("学习目标"), help_text=_("一行一条"), rows=4)
    industries = LinesField(
        label=_("最需要的行业"), separators=r"\n、，,\s", rows=2,
        help_text=_("国民经济行业大类代码，用顿号隔开。例：C33、C34"),
    )  # fmt: skip
    job_titles = LinesField(
        label=_("岗位"), separators=r"\n、，,", rows=2, help_text=_("照花名册上的写法，用顿号隔开。例：叉车工、焊工")
    )
    cover = forms.FileField(
        label=_("封面"), required=False, help_text=_("PNG 或 JPG，16:9，不超过 5 MB。不传就用第一课的画面。"),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )  # fmt: skip

    def clean_industries(self) -> list[str]:
        """Divisions must exist in GB/T 4754."""
        codes = [str(code).upper() for code in self.cleaned_data["industries"]]
        wrong = [code for code in codes if not re.fullmatch(r"[A-T]\d\d", code) or code not in industries.industries()]
        if wrong:
            raise ValidationError(
                _now("没有代码为 %(codes)s 的行业大类。大类是一个字母加两位数字，例：C33。")
                % {"codes": "、".join(wrong)}
            )
        return codes

    @staticmethod
    def initial_of(course: Course) -> dict[str, Any]:
        """What the form shows of a course."""
        names = ("title", "summary", "audience", "objectives", "industries", "job_titles", "version")
        return {name: getattr(course, name) for name in names}


class DocumentLessonForm(Styled):
    """A lesson to read."""

    title = forms.CharField(label=_("这一课的标题"), max_length=120)
    text = forms.CharField(
        label=_("正文"), required=False, widget=forms.Textarea(attrs={"rows": 16, "data-preview": "1"}),
        help_text=_("用 Markdown 写：# 标题，- 列表，**加粗**"),
    )  # fmt: skip
    file = forms.FileField(
        label=_("PDF 文件"), required=False, help_text=_("不超过 50 MB"),
        widget=forms.FileInput(attrs={"accept": "application/pdf"}),
    )  # fmt: skip


class HandoutForm(DocumentLessonForm):
    """A handout."""

    title = forms.CharField(label=_("资料名称"), max_length=120)


class DocumentEditForm(DocumentLessonForm):
    """A lesson to read, again."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class VideoEditForm(Versioned):
    """Title and subtitles of a video lesson."""

    title = forms.CharField(label=_("这一课的标题"), max_length=120)
    vtt = forms.FileField(
        label=_("换字幕"), required=False, help_text=_("SRT 或 VTT 文件。换上后原来的字幕不保留。"),
        widget=forms.FileInput(attrs={"accept": ".srt,.vtt"}),
    )  # fmt: skip

    def clean_vtt(self) -> list[subtitles.Cue] | None:
        """Read the cues."""
        file = self.cleaned_data["vtt"]
        if file is None:
            return None
        if file.size > 2 * 1024 * 1024:
            raise ValidationError(_now("字幕文件超过 2 MB，没有保存。"))
        cues = subtitles.from_vtt(file.read().decode("utf-8-sig", errors="replace"))
        if not cues:
            raise ValidationError(_now("没有读到字幕。请确认是 SRT 或 VTT 格式，编码为 UTF-8。"))
        return cues


class CaseForm(Styled):
    """A case: timeline, causes, lessons, articles."""

    title = forms.CharField(label=_("案例名称"), max_length=120, help_text=_("编写的例子请注明（示例）"))
    timeline = LinesField(
        label=_("经过"),
        required=True,
        rows=5,
        help_text=_("一行一条：先写时间，空一格，再写发生了什么。例：14:03 未检测就下池"),
    )
    causes = LinesField(label=_("原因"), help_text=_("一行一条"))
    lessons = LinesField(label=_("教训"), help_text=_("一行一条"))
    cites = LinesField(label=_("依据"), rows=2, help_text=_("一行一条，法规名加冒号加条号。例：安全生产法:41"))

    def clean_timeline(self) -> list[list[str]]:
        """Split time and event."""
        rows = [re.split(r"[\s　]+", line, maxsplit=1) for line in self.cleaned_data["timeline"]]
        wrong = [" ".join(row) for row in rows if len(row) < 2]
        if wrong:
            raise ValidationError(_now("“%(line)s”要在时间后面空一格，再写发生了什么。") % {"line": wrong[0][:30]})
        return rows

    def clean_cites(self) -> list[str]:
        """Articles must be readable."""
        cites = [str(cite).replace("：", ":") for cite in self.cleaned_data["cites"]]
        for cite in cites:
            try:
                article(cite)
            except Malformed as malformed:
                raise ValidationError(str(malformed.reason)) from malformed
        return cites


class TagForm(Styled):
    """A path of the three-level tags."""

    industry = forms.CharField(label=_("行业"), max_length=40, widget=forms.TextInput(attrs={"list": "tags-1"}))
    post = forms.CharField(label=_("岗位"), max_length=40, widget=forms.TextInput(attrs={"list": "tags-2"}))
    risk = forms.CharField(label=_("风险"), max_length=40, widget=forms.TextInput(attrs={"list": "tags-3"}))


class AnswerForm(Styled):
    """An answer to a learner."""

    answer = forms.CharField(label=_("您的回答"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


class UploadForm(Styled):
    """A recording; with script it goes up in resumable chunks, without it in one request."""

    file = forms.FileField(
        label=_("录像文件"), widget=forms.FileInput(attrs={"accept": "video/*,.mkv,.flv,.avi,.wmv,.ts"})
    )


class PackageForm(Styled):
    """A course package."""

    file = forms.FileField(label=_("课程包（zip）"), widget=forms.FileInput(attrs={"accept": ".zip,application/zip"}))


def read_cuts(data: QueryDict) -> list[tuple[int, str]]:
    """Rows of minute, second and title; rows without a title or marked for removal are left out. Raises `ValueError`."""
    rows = zip(data.getlist("minute"), data.getlist("second"), data.getlist("cut_title"), strict=False)
    cuts = []
    for minute, second, title in rows:
        if not title.strip() and not minute.strip() and not second.strip():
            continue
        start = (int(minute or 0) * 60 + float(second or 0)) * 1000
        if not 0 <= start < 24 * 3600 * 1000:
            raise ValueError("outside")
        cuts.append((round(start), title))
    return cuts


def read_prompts(data: QueryDict) -> list[dict[str, Any]]:
    """In-video questions out of numbered fields. Raises `ValidationError` with words for the first that will not do."""
    prompts = []
    for n in data.getlist("row"):
        stem = data.get(f"stem-{n}", "").strip()
        options = [line.strip() for line in data.get(f"options-{n}", "").splitlines() if line.strip()]
        if not stem and not options:
            continue
        if not stem or not 2 <= len(options) <= 6:
            raise ValidationError(
                _now("“%(stem)s”要有题目和 2 至 6 个选项，一行一个。") % {"stem": stem or _now("没写题目的那一题")}
            )
        try:
            at = int(data.get(f"minute-{n}") or 0) * 60_000 + int(data.get(f"second-{n}") or 0) * 1000
            answer = int(data.get(f"answer-{n}") or 0) - 1
            pk = int(data.get(f"id-{n}") or 0)
        except ValueError as error:
            raise ValidationError(_now("“%(stem)s”的时刻和答案要写数字。") % {"stem": stem}) from error
        if not 0 <= answer < len(options) or at < 0:
            raise ValidationError(_now("“%(stem)s”的正确答案要写选项的序号，从 1 数起。") % {"stem": stem})
        why = data.get(f"why-{n}", "").strip()[:300]
        prompts.append({"id": pk, "at_ms": at, "stem": stem[:300], "options": options, "answer": answer, "why": why})
    return prompts
