"""What a regulator writes to move, merge, close or label firms."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anlan.accounts.models import Region, User
from anlan.enterprises.forms.plain import Plain, day_field


def places_for(user: User) -> list[Any]:
    """The open towns of the user's territory, each with its grids: choices of a select, grouped by town. One query."""
    levels = (Region.Level.TOWN, Region.Level.VILLAGE, Region.Level.GRID)
    rows = Region.objects.visible_to(user).open().filter(level__in=levels).order_by("code")
    groups: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    for code, name, level in rows.values_list("code", "name", "level"):
        if level == Region.Level.TOWN:
            groups[code] = (name, [(code, f"{name}（{code}）")])
        else:
            group = groups.setdefault(code[:9], ("", []))
            group[1].append((code, name))
    return [("", _("请选择")), *groups.values()]


class BecauseForm(Plain):
    """Anything that wants a reason."""

    because = forms.CharField(
        label=_("原因"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("请写明原因，以后查得到。")},
    )  # fmt: skip


class MoveForm(BecauseForm):
    """Where the chosen firms go, and why."""

    to = forms.ChoiceField(label=_("移到哪个镇街或网格"), error_messages={"required": _("请选要移入的镇街或网格。")})
    field_order = ("to", "because")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = places_for(user)  # type: ignore[attr-defined]


class CloseForm(BecauseForm):
    """From which day a firm is gone, why, and what becomes of its people."""

    on = day_field(_("哪天注销"), help_text=_("登记机关注销或吊销的日期"))
    jobs = forms.ChoiceField(
        label=_("在册员工怎么办"), widget=forms.RadioSelect, initial="end",
        choices=[("end", _("一并登记离职")), ("keep", _("先不动，以后再办"))],
    )  # fmt: skip
    field_order = ("on", "because", "jobs")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].widget.attrs["max"] = timezone.localdate().isoformat()


class TagForm(Plain):
    """A label, and whether it is put on or taken off."""

    name = forms.CharField(
        label=_("标签"),
        max_length=30,
        help_text=_("例如：涉氨制冷、三合一场所"),
        error_messages={"required": _("请写标签的名字。")},
    )
    remove = forms.ChoiceField(
        label=_("加上还是去掉"),
        widget=forms.RadioSelect,
        initial="add",
        choices=[("add", _("加上")), ("remove", _("去掉"))],
    )
