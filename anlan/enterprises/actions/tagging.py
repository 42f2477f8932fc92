"""Labels on many firms at once, and the views of the list that a person keeps."""

from __future__ import annotations

from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts import powers
from anlan.accounts.models import SavedView, User
from anlan.audit.actions import record
from anlan.enterprises.models import Enterprise, FirmTag
from anlan.lib.errors import Refused

MOST: Final = 50_000
MOST_VIEWS: Final = 20


@transaction.atomic
def tag_enterprises(firms: QuerySet[Enterprise], name: str, *, remove: bool = False, by: User) -> int:
    """Put the label `name` of the own territory on all of `firms`, or take it off; return how many changed.

    A label that does not exist yet is made. Raises `Refused`: without the power (403), firms outside (404), no name
    or more than 50,000 firms (422).
    """
    post = by.post
    if post is None or not post.is_territorial or not (by.may(powers.INSPECT) or by.may(powers.COORDINATE)):
        raise Refused(gettext_lazy("加标签要用网格或监管身份。"), code="not_officer", status=403)
    words = " ".join(name.split())[:30]
    if not words:
        raise Refused(gettext_lazy("请写标签的名字，或选一个已有的。"), code="no_name", status=422, field="name")
    keys = list(firms.order_by().values_list("pk", flat=True)[: MOST + 1])
    if len(keys) > MOST:
        raise Refused(_("一次最多 %(n)s 家，请分几次。") % {"n": f"{MOST:,}"}, code="too_many", status=422)
    mine = Enterprise.objects.visible_to(by)
    if firms.exclude(pk__in=mine.values("pk")).exists():
        raise Refused(gettext_lazy("有企业不在您的辖区，没有改动。"), code="outside", status=404)
    # Labels are shared by a county, so that a town and its grids do not each make their own.
    tag, _made = FirmTag.objects.get_or_create(name=words, region_code=post.region_code[:6])
    link = FirmTag.enterprises.through
    before = link.objects.filter(firmtag=tag).count()
    if remove:
        for start in range(0, len(keys), 5000):
            link.objects.filter(firmtag=tag, enterprise_id__in=keys[start : start + 5000]).delete()
    else:
        rows = (link(firmtag_id=tag.pk, enterprise_id=pk) for pk in keys)
        link.objects.bulk_create(rows, batch_size=2000, ignore_conflicts=True)
    changed = abs(link.objects.filter(firmtag=tag).count() - before)
    if changed:
        subject = ("enterprises.firmtag", str(tag.pk), tag.name)
        record("tag_enterprises", subject, by=by, region_code=post.region_code, count=changed, removed=remove)
    return changed


@transaction.atomic
def save_view(page: str, name: str, query: str, *, by: User, view: SavedView | None = None) -> SavedView:
    """Keep the conditions `query` of a list under a name; with `view` that one is renamed. Raises `Refused` (422)."""
    words = " ".join(name.split())[:40]
    if not words:
        raise Refused(gettext_lazy("给这组条件起个名字。"), code="no_name", status=422, field="name")
    try:
        with transaction.atomic():
            if view is not None:
                view.name = words
                view.save(update_fields=["name"])
                return view
            if SavedView.objects.visible_to(by).filter(page=page).count() >= MOST_VIEWS:
                raise Refused(
                    _("最多存 %(n)d 组，先删掉不用的。") % {"n": MOST_VIEWS}, code="too_many", status=422, field="name"
                )
            return SavedView.objects.create(user=by, page=page, name=words, query=query.lstrip("?")[:500])
    except IntegrityError:
        raise Refused(
            _("已经有一组叫“%(name)s”，换个名字。") % {"name": words}, code="name_taken", status=422, field="name"
        ) from None
