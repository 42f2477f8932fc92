"""The fields that an administrator adds to the file."""

import secrets
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.enterprises.models import CustomField
from anlan.lib.errors import Refused

STEPS = ("up", "down", "retire", "restore")


def _refuse(by: User) -> None:
    if not by.may(powers.SET_RULES) or by.post is None or not by.post.is_territorial:
        raise Refused(gettext_lazy("档案字段由县区以上的监管部门设定。"), code="not_rules", status=403)


@transaction.atomic
def save_field(field: CustomField | None, values: dict[str, Any], *, by: User) -> CustomField:
    """Add a field to the files of one's territory, or change one; its code and kind never change.

    A choice that is taken away stays readable where it was given. Raises `Refused`: 403 outside one's rules, 422 for a
    second field of the same name.
    """
    _refuse(by)
    assert by.post is not None  # noqa: S101  # refused above
    if field is not None and not field.can_edit(by):
        raise Refused(gettext_lazy("这个字段由上级设定，这里不能改。"), code="above", status=403)
    region = field.region_code if field else by.post.region_code
    same = CustomField.objects.filter(label=values["label"], region_code=region, retired_on=None)
    if (same.exclude(pk=field.pk) if field else same).exists():
        raise Refused(gettext_lazy("已经有一个同名的字段。"), code="twice", status=422, field="label")
    if field is None:
        last = CustomField.objects.aggregate(last=Max("position"))["last"] or 0
        field = CustomField(code=f"f{secrets.token_hex(4)}", region_code=region, position=last + 1)
    else:
        values = {**values, "kind": field.kind}
    for name, value in values.items():
        setattr(field, name, value)
    field.save()
    record("save_field", field, by=by, region_code=region)
    return field


@transaction.atomic
def move_field(field: CustomField, step: str, *, by: User) -> None:
    """`up` or `down` among the fields in use, `retire` (no longer asked, values stay) or `restore`. Raises `Refused` (403)."""
    _refuse(by)
    if not field.can_edit(by):
        raise Refused(gettext_lazy("这个字段由上级设定，这里不能改。"), code="above", status=403)
    if step in ("retire", "restore"):
        CustomField.objects.filter(pk=field.pk).update(retired_on=timezone.localdate() if step == "retire" else None)
    else:
        beside = CustomField.objects.filter(region_code=field.region_code, retired_on=None)
        if step == "up":
            other = beside.filter(position__lt=field.position).order_by("-position").first()
        else:
            other = beside.filter(position__gt=field.position).order_by("position").first()
        if other is None:
            return
        CustomField.objects.filter(pk=field.pk).update(position=other.position)
        CustomField.objects.filter(pk=other.pk).update(position=field.position)
    record(f"{step}_field", field, by=by, region_code=field.region_code)
