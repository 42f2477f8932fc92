"""The forms of classes."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import Region, User
from anlan.accounts.models.regions import inside
from anlan.enterprises.models import Enterprise, Worker
from anlan.training import selection
from anlan.training.actions.classes import BY_DEPARTMENT, BY_JOB, ONE, ClassPlan
from anlan.training.matching import Proposal
from anlan.training.models import TrainingClass
from anlan.training.selection import Selection

MOST_COURSES = 20
REGULATOR_WAYS = (selection.ALL, selection.CATEGORIES, selection.LACKING, selection.NEWCOMERS)


def day_end(day: date) -> datetime:
    """The last second of a day in Asia/Shanghai."""
    return timezone.make_aware(datetime.combine(day, time(23, 59, 59)))


def whole_numbers(text: str) -> tuple[int, ...]:
    """Read "3,17,20"; what is not a number is left out."""
    return tuple(int(part) for part in text.split(",") if part.strip().isdecimal() and len(part) < 19)


class ClassForm(forms.Form):
    """Who learns what, until when."""

    batch = forms.UUIDField(widget=forms.HiddenInput)
    way = forms.ChoiceField(label=_("派给谁"), choices=selection.WAYS, widget=forms.RadioSelect)
    departments = forms.MultipleChoiceField(label=_("部门"), required=False, widget=forms.CheckboxSelectMultiple)
    jobs = forms.MultipleChoiceField(label=_("岗位"), required=False, widget=forms.CheckboxSelectMultiple)
    categories = forms.MultipleChoiceField(
        label=_("人员类别"), required=False, widget=forms.CheckboxSelectMultiple, choices=Worker.Category.choices
    )
    workers = forms.CharField(required=False, widget=forms.HiddenInput)
    names = forms.CharField(
        label=_("姓名或工号"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("一行一个，也可以用逗号隔开。重名的请写工号。"),
    )
    split = forms.ChoiceField(
        label=_("分班"),
        required=False,
        choices=((ONE, _("建一个班")), (BY_DEPARTMENT, _("每个部门一个班")), (BY_JOB, _("每个岗位一个班"))),
        widget=forms.RadioSelect,
    )
    again = forms.BooleanField(label=_("已经有这些课的人也派"), required=False)
    enterprises = forms.CharField(required=False, widget=forms.HiddenInput)
    region = forms.ChoiceField(label=_("哪里的企业"), required=False)
    industry = forms.CharField(
        label=_("行业代码"), required=False, max_length=6, help_text=_("例如 C33，不填是全部行业")
    )
    risk = forms.MultipleChoiceField(
        label=_("风险等级"), required=False, choices=Enterprise.Risk.choices, widget=forms.CheckboxSelectMultiple
    )
    courses = forms.MultipleChoiceField(
        label=_("课程"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("还没有选课程。请至少选一门。")},
    )
    kind = forms.ChoiceField(label=_("培训类型"), choices=TrainingClass.Kind.choices, widget=forms.RadioSelect)
    title = forms.CharField(
        label=_("班名"), required=False, max_length=100, help_text=_("不填就用类型和年份，例如“2026 年度再培训”")
    )
    until = forms.DateField(
        label=_("截止日期"),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("还没有填截止日期。"), "invalid": _("请按 2026-12-31 这样填写。")},
    )
    hours = forms.DecimalField(
        label=_("要学满的学时"),
        required=False,
        min_value=0,
        max_value=999,
        decimal_places=1,
        help_text=_("不填表示每一讲都学完一遍就行"),
    )
    no_skipping = forms.BooleanField(label=_("第一遍不能拖动快进"), required=False)
    certificate = forms.BooleanField(label=_("达标后发证书"), required=False)

    def __init__(self, data: Any = None, *, user: User, shelf: list[Proposal], initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        self.user = user
        for name, field in self.fields.items():
            # The kind is drawn as pressed surfaces (al-choice), the others as plain boxes.
            if name != "kind" and isinstance(
                field.widget, (forms.RadioSelect, forms.CheckboxSelectMultiple, forms.CheckboxInput)
            ):
                field.widget.attrs["class"] = "form-check-input"
        self.own = Enterprise.objects.visible_to(user)
        self.is_regulator = user.post is not None and user.post.is_territorial
        self._choice("courses").choices = [(str(one.course.pk), one.course.title) for one in shelf]
        if self.is_regulator:
            self._as_regulator()
        else:
            for name in ("enterprises", "region", "industry", "risk"):
                del self.fields[name]
            self._people_choices()

    def _choice(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        if not isinstance(field, forms.ChoiceField):  # pragma: no cover - the fields are declared above
            raise TypeError(name)
        return field

    def _as_regulator(self) -> None:
        for name in ("departments", "jobs", "workers", "names", "split"):
            del self.fields[name]
        self._choice("way").choices = [pair for pair in selection.WAYS if pair[0] in REGULATOR_WAYS]
        code = self.user.post.region_code if self.user.post else ""
        below = Region.objects.children_of(code).values_list("code", "name")
        self._choice("region").choices = [("", _g("本辖区全部")), *below]

    def _people_choices(self) -> None:
        rows = (
            Worker.objects.filter(enterprise__in=self.own)
            .working()
            .values_list("department", "job_title")
            .annotate(n=Count("pk"))
        )
        departments: dict[str, int] = {}
        titles: dict[str, int] = {}
        for department, job, n in rows:
            departments[department] = departments.get(department, 0) + n
            titles[job] = titles.get(job, 0) + n
        for name, counts in (("departments", departments), ("jobs", titles)):
            self._choice(name).choices = [
                (value, _g("%(name)s（%(n)d）") % {"name": value or _g("没有填写"), "n": n})
                for value, n in sorted(counts.items(), key=lambda item: -item[1])
            ]

    def clean_until(self) -> date:
        """The deadline is today or later."""
        until: date = self.cleaned_data["until"]
        if until < timezone.localdate():
            raise forms.ValidationError(
                _g("%(m)d 月 %(d)d 日已经过去，请选今天或以后。") % {"m": until.month, "d": until.day}
            )
        if until > timezone.localdate() + timedelta(days=3 * 366):
            raise forms.ValidationError(_g("截止日期太远了，请选三年以内。"))
        return until

    def clean_courses(self) -> list[int]:
        """Not more than one can survey."""
        chosen = [int(pk) for pk in self.cleaned_data["courses"]]
        if len(chosen) > MOST_COURSES:
            raise forms.ValidationError(_g("一个班最多 %(n)d 门课，请分成几个班。") % {"n": MOST_COURSES})
        return chosen

    def clean(self) -> dict[str, Any]:
        """Each way of choosing needs its values."""
        data = super().clean() or {}
        way = data.get("way")
        wanted = {
            selection.DEPARTMENTS: ("departments", _g("还没有选部门。")),
            selection.JOBS: ("jobs", _g("还没有选岗位。")),
            selection.CATEGORIES: ("categories", _g("还没有选人员类别。")),
        }.get(way or "")
        if wanted and not data.get(wanted[0]) and wanted[0] not in self.errors:
            self.add_error(wanted[0], wanted[1])
        if way == selection.PICKED:
            data["picked"] = self._picked(data)
        return data

    def _picked(self, data: dict[str, Any]) -> tuple[int, ...]:
        ids = set(whole_numbers(data.get("workers", "")))
        named = [part.strip() for part in data.get("names", "").replace("，", "\n").replace(",", "\n").split("\n")]
        words = {part for part in named if part}
        if words:
            found, problem = find_workers(self.own, words)
            ids |= found
            if problem:
                self.add_error("names", problem)
        if not ids and "names" not in self.errors:
            self.add_error("names", _g("还没有点名。请写姓名或工号，或者到“员工与学时”里勾选。"))
        return tuple(sorted(ids))

    @property
    def enterprises_meant(self) -> QuerySet[Enterprise]:
        """The firms of the form, inside the user's scope."""
        if not self.is_regulator:
            return self.own
        data, firms = self.cleaned_data, self.own
        if ids := whole_numbers(data.get("enterprises", "")):
            firms = firms.filter(pk__in=ids)
        if data.get("region"):
            firms = firms.filter(inside(data["region"], "organisation__region_code"))
        if data.get("industry"):
            firms = firms.filter(industry__startswith=data["industry"].strip().upper())
        if data.get("risk"):
            firms = firms.filter(risk__in=data["risk"])
        return firms

    @property
    def selection(self) -> Selection:
        """Who is meant."""
        data = self.cleaned_data
        return Selection(
            data.get("way") or selection.ALL, tuple(data.get("departments", ())), tuple(data.get("jobs", ())),
            tuple(data.get("categories", ())), data.get("picked", ()),
        )  # fmt: skip

    @property
    def plan(self) -> ClassPlan:
        """What is to be learnt."""
        data = self.cleaned_data
        kind = TrainingClass.Kind(data["kind"])
        words = _g("%(year)d %(kind)s") if kind == TrainingClass.Kind.ANNUAL else _g("%(year)d 年%(kind)s")
        title = data["title"].strip() or words % {"year": timezone.localdate().year, "kind": kind.label}
        return ClassPlan(
            title, kind, tuple(data["courses"]), data["hours"] or Decimal(0), data["no_skipping"], data["certificate"],
            timezone.localdate(), day_end(data["until"]),
        )  # fmt: skip

    @staticmethod
    def fresh_batch() -> uuid.UUID:
        """The mark by which a form that is sent twice makes its classes once."""
        return uuid.uuid4()


def find_workers(enterprises: QuerySet[Enterprise], words: set[str]) -> tuple[set[int], str]:
    """Return the employments with these names or staff numbers, and what is wrong: unknown or ambiguous ones."""
    working = Worker.objects.filter(enterprise__in=enterprises).working()
    by_number = {n: pk for pk, n in working.filter(staff_number__in=words).values_list("pk", "staff_number") if n}
    by_name: dict[str, list[int]] = {}
    for pk, name in working.filter(user__name__in=words - by_number.keys()).values_list("pk", "user__name"):
        by_name.setdefault(name, []).append(pk)
    unknown = sorted(words - by_number.keys() - by_name.keys())
    twice = sorted(name for name, pks in by_name.items() if len(pks) > 1)
    problems = []
    if unknown:
        problems.append(_g("花名册里没有：%(names)s。") % {"names": "、".join(unknown[:10])})
    if twice:
        problems.append(_g("有重名，请写工号：%(names)s。") % {"names": "、".join(twice[:10])})
    found = set(by_number.values()) | {pks[0] for pks in by_name.values() if len(pks) == 1}
    return found, "".join(problems)


class ExtendForm(forms.Form):
    """A later deadline."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    until = forms.DateField(label=_("延到"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))


class StepForm(forms.Form):
    """A step that needs nothing but the version the page showed."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class PeopleForm(forms.Form):
    """People ticked in the report, and what to do with them."""

    ids = forms.TypedMultipleChoiceField(coerce=int, required=False)
    reason = forms.CharField(required=False, max_length=200)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        field = self.fields["ids"]
        chosen = data.getlist("ids") if data is not None else []
        field.choices = [(pk, pk) for pk in chosen if pk.isdecimal() and len(pk) < 19]  # type: ignore[attr-defined]


class AddForm(forms.Form):
    """People to add, by name or staff number."""

    names = forms.CharField(
        label=_("姓名或工号"), widget=forms.Textarea({"rows": 2}), help_text=_("一行一个。重名的请写工号。")
    )

    def workers(self, enterprises: QuerySet[Enterprise]) -> set[int]:
        """Return the employments meant; adds an error to the form when some cannot be found."""
        text = self.cleaned_data["names"].replace("，", "\n").replace(",", "\n")
        found, problem = find_workers(enterprises, {part.strip() for part in text.split("\n") if part.strip()})
        if problem:
            self.add_error("names", problem)
        return found
