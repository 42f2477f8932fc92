"""Forms of exams. A question and a blueprint have rows of their own kind and are read by plain functions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import User
from anlan.exams.models import Blueprint, Exam
from anlan.exams.papers import Rule
from anlan.exams.questions import MAX_OPTIONS, Draft
from anlan.training.models import Course, TrainingClass

PARTS = 5


class _Moment(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(attrs={"class": "form-control"}, format="%Y-%m-%dT%H:%M")


def _number() -> forms.NumberInput:
    return forms.NumberInput(attrs={"class": "form-control", "inputmode": "numeric"})


def _select() -> forms.Select:
    return forms.Select(attrs={"class": "form-select"})


class ExamForm(forms.Form):
    """Open an exam for a class."""

    training_class = forms.ModelChoiceField(
        TrainingClass.objects.none(), label=_("给哪个班考"), widget=_select(), empty_label=_("请选择")
    )
    blueprint = forms.ModelChoiceField(
        Blueprint.objects.none(), label=_("用哪份组卷规则"), widget=_select(), empty_label=_("请选择")
    )
    kind = forms.ChoiceField(
        choices=[(kind.value, kind.label) for kind in (Exam.Kind.FINAL, Exam.Kind.PRE, Exam.Kind.POST)], label=_("考试类型"), widget=_select(),
        help_text=_("结业考试通过，这个班才算达标。训前、训后测试只看进步，不影响达标。"),
    )  # fmt: skip
    title = forms.CharField(
        max_length=120,
        label=_("名称"),
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control"}),
        help_text=_("不写就用组卷规则的名称。"),
    )
    opens_at = forms.DateTimeField(label=_("从什么时候可以开始"), widget=_Moment())
    closes_at = forms.DateTimeField(
        label=_("到什么时候截止"),
        widget=_Moment(),
        help_text=_("截止时所有试卷一起收。快到截止才开始的人，时间会短一些。"),
    )
    minutes = forms.IntegerField(min_value=1, max_value=600, label=_("答题时长（分钟）"), widget=_number())
    pass_mark = forms.IntegerField(min_value=1, max_value=100, label=_("及格线（%）"), widget=_number())
    attempts = forms.IntegerField(
        min_value=1, max_value=20, label=_("最多考几次"), widget=_number(), help_text=_("训前测试只能考一次。")
    )
    needs_learnt = forms.BooleanField(
        required=False, label=_("学完课程才能考"), widget=forms.CheckboxInput(attrs={"class": "form-check-input"})
    )
    show_key = forms.BooleanField(
        required=False,
        label=_("出分后显示正确答案和依据"),
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        now = timezone.localtime().replace(second=0, microsecond=0)
        kwargs["initial"] = {
            "opens_at": now, "closes_at": now + timedelta(days=14), "minutes": 60, "pass_mark": 80, "attempts": 3,
            "needs_learnt": True, "show_key": True, **kwargs.get("initial", {}),
        }  # fmt: skip
        super().__init__(*args, **kwargs)
        organisation = (user.post.organisation_id if user.post else None) or 0
        classes: Any = self.fields["training_class"]
        classes.queryset = (
            TrainingClass.objects.visible_to(user)
            .filter(organisation_id=organisation, state=TrainingClass.State.OPEN)
            .order_by("-id")
        )
        blueprints: Any = self.fields["blueprint"]
        blueprints.queryset = newest(Blueprint.objects.visible_to(user)).order_by("title")


def newest(blueprints: Any) -> Any:
    """Only the newest version of each blueprint."""
    later = Blueprint.objects.filter(owner=OuterRef("owner"), code=OuterRef("code"), version__gt=OuterRef("version"))
    return blueprints.exclude(Exists(later))


class ImportForm(forms.Form):
    """A spreadsheet of questions."""

    file = forms.FileField(
        label=_("题目表格"), widget=forms.FileInput(attrs={"class": "form-control", "accept": ".xlsx,.xls,.csv"})
    )
    course = forms.ModelChoiceField(
        Course.objects.none(),
        required=False,
        label=_("放进哪门课程"),
        widget=_select(),
        empty_label=_("不属于某一门课程"),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        course: Any = self.fields["course"]
        course.queryset = own_courses(user)


def own_courses(user: User) -> Any:
    """The courses of the teacher's organisation."""
    organisation = user.post.organisation_id if user.post else None
    return Course.objects.visible_to(user).filter(owner_id=organisation).order_by("title")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def draft_from(post: QueryDict) -> Draft:
    """The question form as a draft: options with their ticks, blanks one a line, parts with options one a line (right ones begin with *)."""
    kind = post.get("kind", "single")
    level = post.get("difficulty", "2")
    draft = Draft(
        kind, post.get("stem", ""), post.get("point", ""), int(level) if level.isdecimal() else 0, why=post.get("why", ""),
        cites=_lines(post.get("cites", "").replace("；", "\n").replace(";", "\n")),
    )  # fmt: skip
    if kind in ("single", "multiple"):
        for place in range(MAX_OPTIONS):
            text = post.get(f"option-{place}", "").strip()
            if text:
                if str(place) in post.getlist("right"):
                    draft.answer.append(len(draft.options))
                draft.options.append(text)
    elif kind == "true_false":
        draft.answer = [post["truth"] == "true"] if post.get("truth") in ("true", "false") else []
    elif kind == "fill":
        draft.answer = [
            [one.strip() for one in line.split("|") if one.strip()] for line in _lines(post.get("blanks", ""))
        ]
    else:
        draft.parts = [part for at in range(PARTS) if (part := _part(post, at))["stem"] or part["options"]]
    return draft


def _part(post: QueryDict, at: int) -> dict[str, Any]:
    kind = post.get(f"part-{at}-kind", "single")
    part: dict[str, Any] = {
        "kind": kind,
        "stem": post.get(f"part-{at}-stem", "").strip(),
        "why": post.get(f"part-{at}-why", ""),
        "options": [],
        "answer": [],
    }
    lines = _lines(post.get(f"part-{at}-options", ""))
    if kind == "true_false":
        part["answer"] = [
            {"对": True, "错": False}[line.lstrip("*").strip()]
            for line in lines[:1]
            if line.lstrip("*").strip() in ("对", "错")
        ]
        return part
    for line in lines:
        if line.startswith(("*", "＊")):
            part["answer"].append(len(part["options"]))
        part["options"].append(line.lstrip("*＊").strip())
    return part


def part_lines(part: dict[str, Any]) -> str:
    """The options of a part as the form writes them."""
    if part["kind"] == "true_false":
        return ("对" if part["answer"][0] else "错") if part["answer"] else ""
    return "\n".join(("*" if i in part["answer"] else "") + option for i, option in enumerate(part["options"]))


def rules_from(post: QueryDict) -> list[Rule]:
    """The rows of the blueprint form that ask for questions. Numbers that are none become 0, which `freeze` refuses."""
    rules: list[Rule] = []
    for at in range(int(post.get("rows", "0")) if post.get("rows", "0").isdecimal() else 0):
        if at >= 40:
            break
        count, points, level = (post.get(f"rule-{at}-{name}", "").strip() for name in ("count", "points", "difficulty"))
        if not count or count == "0":
            continue
        rules.append(
            {
                "kind": post.get(f"rule-{at}-kind", ""), "point": post.get(f"rule-{at}-point", ""),
                "difficulty": int(level) if level in ("1", "2", "3") else None,
                "count": int(count) if count.isdecimal() else 0, "points": int(points) if points.isdecimal() else 0,
            }
        )  # fmt: skip
    return rules
