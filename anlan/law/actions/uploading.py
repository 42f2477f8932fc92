"""Texts that an editor uploads: Markdown, Word, or a ZIP of them. Checked at the door, imported in the background."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.audit.actions import record
from anlan.files.actions import open_blob, store
from anlan.files.models import Blob
from anlan.law.actions.importing import run_import
from anlan.law.models import Import
from anlan.law.parsing.folder import KINDS
from anlan.law.parsing.word import Unreadable, check_zip
from anlan.lib.errors import Refused

MAX_MB: Final = 20
ACCEPTED: Final = (".md", ".markdown", ".txt", ".docx", ".zip")


@transaction.atomic
def upload_texts(content: IO[bytes], name: str, *, by: Any) -> Import:
    """Keep an upload and open its import; the caller hands it to a worker.

    Raises `Refused`: no editor (403), another kind, too large, broken, or a bomb (422); then nothing is kept.
    """
    if not by.may(powers.EDIT_CONTENT):
        raise Refused(_("只有内容编辑能导入法规。"), code="not_editor", status=403)
    ending = PurePosixPath(name.lower()).suffix
    if ending not in ACCEPTED:
        raise Refused(
            _("请上传 .docx、.md 或装有它们的 .zip。这个文件没有保存。"), code="file_kind", status=422, field="file"
        )
    if ending in (".docx", ".zip"):
        try:
            check_zip(content)
        except Unreadable as error:
            raise Refused(str(error), code="file_broken", status=422, field="file") from error
        content.seek(0)
    run = Import.objects.create(source=name[-400:], by_id=by.pk, by_name=by.name[:60])
    blob = store(content, name=name, owner=("law.import", str(run.pk)), by_id=by.pk, max_mb=MAX_MB)
    run.blob_uid = str(blob.uid)
    run.save(update_fields=["blob_uid"])
    record("import_statutes", run, by=by, file=name[-200:], bytes=blob.size)
    return run


def retry_import(run: Import, *, by: Any) -> Import:
    """Open a broken run again; what it had stored stays. Raises `Refused` when it is not broken or `by` is no editor."""
    if not by.may(powers.EDIT_CONTENT):
        raise Refused(_("只有内容编辑能导入法规。"), code="not_editor", status=403)
    changed = Import.objects.filter(pk=run.pk, state=Import.State.FAILED).update(
        state=Import.State.RUNNING, words="", beat_at=timezone.now(), ended_at=None
    )
    if not changed:
        raise Refused(_("这次导入没有中断，不用重来。"), code="not_failed")
    run.refresh_from_db()
    return run


def work_on(run: Import) -> Import:
    """Do a run: unpack what was uploaded into a folder of its own, import, and leave nothing behind."""
    if not run.blob_uid:
        return run_import(run, Path(run.path))
    blob = Blob.objects.get(uid=run.blob_uid)
    folder = Path(tempfile.mkdtemp(prefix="anlan-law-"))
    try:
        with open_blob(blob) as content:
            _unpack(content, blob.name, folder)
        return run_import(run, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unpack(content: IO[bytes], name: str, folder: Path) -> None:
    """Write the texts into the folder: paths that leave it, and everything that is no text, stay in the archive."""
    if not name.lower().endswith(".zip"):
        with (folder / PurePosixPath(name).name).open("wb") as file:
            shutil.copyfileobj(content, file)
        return
    with zipfile.ZipFile(content) as archive:
        for entry in archive.infolist():
            path = PurePosixPath(_name(entry))
            if (
                entry.is_dir()
                or path.suffix.lower() not in (*KINDS, ".json")
                or path.is_absolute()
                or ".." in path.parts
            ):
                continue
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as packed, target.open("wb") as file:
                shutil.copyfileobj(packed, file)


def _name(entry: zipfile.ZipInfo) -> str:
    """Names in archives made on Chinese Windows are GBK without saying so."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("gbk")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return entry.filename
