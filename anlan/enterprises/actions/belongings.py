"""Chemicals, equipment, photographs and labels of a firm."""

from typing import IO, Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.enterprises.actions.enterprises import lock, refuse_unless_editor
from anlan.enterprises.actions.saying import say
from anlan.enterprises.models import Chemical, Enterprise, Equipment, FirmPhoto, FirmTag
from anlan.files.pictures import keep_picture
from anlan.lib.errors import Refused

HAS = {Chemical: "has_chemicals", Equipment: "has_special_equipment"}
MOST_PHOTOS = 60
MOST_TAGS = 12


@transaction.atomic
def add_belonging(
    enterprise: Enterprise, model: type[Chemical | Equipment], values: dict[str, Any], *, by: User
) -> Chemical | Equipment:
    """Write a chemical or a piece of equipment into the file, which thereby says that there are some.

    A second tap finds what is there. Raises `Refused` (403 to outsiders).
    """
    refuse_unless_editor(enterprise, by)
    firm = lock(enterprise)
    found: Any = model._default_manager.filter(enterprise=firm, **values).first()
    if found is not None:
        return found  # type: ignore[no-any-return]
    made = model._default_manager.create(enterprise=firm, said_by=by, **values)
    flag = HAS[model]
    if getattr(firm, flag) is not True:
        setattr(firm, flag, True)
        firm.save(update_fields=[flag, "updated_at"])
        say(firm, {flag: True}, by=by)
    record(f"add_{model._meta.model_name}", firm, by=by, region_code=firm.organisation.region_code, what=made.name)
    return made


@transaction.atomic
def remove_belonging(one: Chemical | Equipment | FirmPhoto, *, by: User) -> None:
    """Take a chemical, a piece of equipment or a photograph out of the file; the record keeps what it was. `Refused` (403)."""
    firm = one.enterprise
    refuse_unless_editor(firm, by)
    if type(one)._default_manager.filter(pk=one.pk).delete()[0]:
        record(f"remove_{one._meta.model_name}", firm, by=by, region_code=firm.organisation.region_code, what=str(one))


@transaction.atomic
def add_photo(enterprise: Enterprise, content: IO[bytes], name: str, caption: str, *, by: User) -> FirmPhoto:
    """Keep a picture of the firm, upright, with its original. Raises `Refused`: 403, 422 for what is no picture or too many."""
    refuse_unless_editor(enterprise, by)
    if enterprise.photos.count() >= MOST_PHOTOS:
        raise Refused(gettext_lazy("照片已经有 60 张，请先删掉几张旧的。"), code="too_many", status=422)
    picture = keep_picture(content, name, ("enterprise", str(enterprise.pk)), by.pk)
    twin = enterprise.photos.filter(original__sha256=picture.original.sha256).first()
    if twin is not None:  # the same picture once more: a second tap, or a retry over a bad link
        return twin
    photo = FirmPhoto.objects.create(
        enterprise=enterprise,
        blob=picture.shown,
        original=picture.original,
        caption=caption,
        taken_by=by,
        **picture.facts,
    )
    record("add_firmphoto", enterprise, by=by, region_code=enterprise.organisation.region_code, what=caption)
    return photo


def _refuse_unless_tagger(firm: Enterprise, by: User) -> None:
    if not firm.can_tag(by):
        raise Refused(gettext_lazy("标签由所在地的监管人员添加。"), code="not_officer", status=403)


@transaction.atomic
def add_tag(enterprise: Enterprise, name: str, *, by: User) -> FirmTag:
    """Label a firm; the label is shared by its county. Raises `Refused`: 403, 422 for an empty one or a thirteenth."""
    _refuse_unless_tagger(enterprise, by)
    name = " ".join(name.split())[:30]
    if not name:
        raise Refused(gettext_lazy("请写标签的名字，例如 三合一场所。"), code="empty", status=422)
    if enterprise.tags.count() >= MOST_TAGS:
        raise Refused(gettext_lazy("一家企业最多 12 个标签，请先去掉一个。"), code="too_many", status=422)
    code = enterprise.organisation.region_code
    try:
        with transaction.atomic():
            tag, _made = FirmTag.objects.get_or_create(name=name, region_code=code[:6])
    except IntegrityError:  # two officers at once
        tag = FirmTag.objects.get(name=name, region_code=code[:6])
    if not tag.enterprises.filter(pk=enterprise.pk).exists():
        tag.enterprises.add(enterprise)
        record("tag_enterprise", enterprise, by=by, region_code=code, what=name)
    return tag


@transaction.atomic
def remove_tag(enterprise: Enterprise, tag: FirmTag, *, by: User) -> None:
    """Take a label off. Raises `Refused` (403); twice is once."""
    _refuse_unless_tagger(enterprise, by)
    if tag.enterprises.filter(pk=enterprise.pk).exists():
        tag.enterprises.remove(enterprise)
        record("untag_enterprise", enterprise, by=by, region_code=enterprise.organisation.region_code, what=tag.name)
