"""Asking for a pack, and making it in the worker."""

from __future__ import annotations

import json
import re
import tempfile
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import typst
from django.conf import settings
from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.enterprises.models import Enterprise
from anlan.files.actions import open_blob, store
from anlan.files.models import Blob
from anlan.lib.errors import Refused
from anlan.notifications.actions import notify
from anlan.supervision.pack.contents import Ask, parts
from anlan.supervision.pack.models import Pack

A_DAY: Final = 20
MOST_DAYS: Final = 3 * 366
MOST_MB: Final = 2048
INDEX: Final = Path(__file__).parent / "index.typ"


@transaction.atomic
def start_pack(firm: Enterprise, since: date, until: date, *, by: User) -> Pack:
    """Note that a pack is wanted; `tasks` makes it. Raises `Refused`: 403 to workers, agencies and outsiders, 422 for an
    impossible period, 409 while one is being made, 429 after 20 within a day."""
    if by.post is None or not (firm.is_managed_by(by) or firm.is_in_territory_of(by)):
        raise Refused(_("检查资料由企业自己和所在地的监管人员打包。"), code="not_theirs", status=403)
    if until < since or (until - since).days > MOST_DAYS:
        raise Refused(_("开始要早于结束，最多三年。"), code="period", status=422, field="since")
    if Pack.objects.filter(created_by=by, created_at__gte=timezone.now() - timedelta(days=1)).count() >= A_DAY:
        raise Refused(_("一天最多打包 %(n)d 次，明天再来。") % {"n": A_DAY}, code="too_often", status=429)
    try:
        with transaction.atomic():
            pack = Pack.objects.create(created_by=by, post=by.post, enterprise=firm, since=since, until=until)
    except IntegrityError:
        raise Refused(_("上一次打包还没有完成，完成后再来。"), code="another_running") from None
    region = firm.organisation.region_code
    record("make_safety_pack", firm, by=by, region_code=region, since=since.isoformat(), until=until.isoformat())
    return pack


def write_pack(pack_id: int) -> None:
    """Make the zip, from the beginning each time: what broke off leaves nothing half."""
    pack = Pack.objects.select_related(
        "created_by", "post__role", "post__organisation", "enterprise__organisation"
    ).get(pk=pack_id)
    if pack.state != Pack.State.RUNNING:
        return
    user = pack.created_by
    user.post = pack.post
    ask = Ask(pack.enterprise, user, pack.since, pack.until)
    if not Enterprise.objects.with_file_for(user).filter(pk=pack.enterprise_id).exists():  # moved, or the post ended
        Pack.objects.filter(pk=pack.pk).update(state=Pack.State.FAILED, problem=_("这家企业已经不在您的范围里。"))
        return
    index: list[dict[str, Any]] = []
    with tempfile.TemporaryFile() as whole:
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:  # photos and PDFs do not shrink
            count = 0
            for n, (title, make) in enumerate(parts(), 1):
                rows = []
                for paper in make(ask):
                    path = "/".join(safe(part) for part in (str(title), *paper.name.split("/")))
                    _put(archive, path, paper.content)
                    rows.append([path, paper.title])
                    if len(rows) % 20 == 0:
                        Pack.objects.filter(pk=pack.pk).update(beat_at=timezone.now())
                count += len(rows)
                index.append({"title": str(title), "rows": rows})
                Pack.objects.filter(pk=pack.pk).update(steps_done=n, beat_at=timezone.now())
            archive.writestr(f"0 {_('目录')}.pdf", index_pdf(pack, index))
        whole.seek(0)
        name = f"{safe(str(pack.enterprise))}-{_('检查资料')}-{timezone.localdate().isoformat()}.zip"
        with transaction.atomic():
            blob = store(
                File(whole), name=name, owner=("supervision.pack", str(pack.pk)), by_id=user.pk, max_mb=MOST_MB
            )
            held = Pack.objects.filter(pk=pack.pk, state=Pack.State.RUNNING)
            if held.update(state=Pack.State.DONE, file=blob, files=count + 1):
                url = reverse("supervision:pack-made", args=[pack.pk])
                notify(
                    [user],
                    "export",
                    _("检查资料打包好了，共 %(n)d 个文件") % {"n": count + 1},
                    key=f"pack:{pack.pk}",
                    url=url,
                )


def _put(archive: zipfile.ZipFile, path: str, content: bytes | Blob) -> None:
    if isinstance(content, bytes):
        archive.writestr(path, content)
        return
    with open_blob(content) as source, archive.open(path, "w") as into:
        for chunk in source.chunks():
            into.write(chunk)


def index_pdf(pack: Pack, index: list[dict[str, Any]]) -> bytes:
    """The list of everything inside, with who asked and when."""
    facts = {
        "title": _("安全检查资料"), "firm": str(pack.enterprise), "code": pack.enterprise.organisation.credit_code,
        "period": f"{pack.since.isoformat()} — {pack.until.isoformat()}", "none": _("这段时间没有。"), "parts": index,
        "made": _("%(who)s（%(post)s）于 %(at)s 打包")
        % {"who": pack.created_by.name, "post": pack.post, "at": f"{timezone.localtime():%Y-%m-%d %H:%M}"},
    }  # fmt: skip
    made = typst.compile(
        str(INDEX), root=str(INDEX.parent), font_paths=[str(settings.WEB_DIST / "fonts")], format="pdf",
        sys_inputs={"facts": json.dumps(facts, ensure_ascii=False)},
    )  # fmt: skip
    return bytes(made)


def safe(text: str) -> str:
    """A name that every system can unpack, and that cannot leave the folder."""
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", text).strip(". ")[:80] or "_"
