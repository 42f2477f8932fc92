"""Bringing texts in from the network: into a folder of the state, then by the same import as any other folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import timezone

from anlan.law.actions.importing import run_import
from anlan.law.clients import national, published
from anlan.law.clients.polite import Guest, Missed, Stopped
from anlan.law.models import Import

OVERLAP: Final = timedelta(days=45)
"""Texts appear in the database weeks after their day of publication: look back that far."""
NO_NETWORK: Final = "可以先在别处下载文本，再用“anlan law import 文件夹”或法规库页面导入。"


def folder_of(name: str) -> Path:
    """Where fetched texts are kept: they are the source of what was imported."""
    return Path(settings.VAR_DIR) / "law" / name


def fetch_national(
    kinds: Sequence[str], *, since: date | None = None, title: str = "", limit: int = 500, guest: Guest | None = None
) -> Import:
    """Fetch what is new in the national database and import it. Never raises for the network: the run says what was missed.

    `since` is the first day of publication; without it (and without a title) the last 45 days.
    """
    run = Import.objects.create(source="国家法律法规数据库", by_name="定时收取")
    guest = guest or Guest()
    folder, missed, fetched = folder_of("national"), list[str](), 0
    since = since or (None if title else timezone.localdate() - OVERLAP)
    base = settings.ANLAN_LAW_NATIONAL_URL.rstrip("/")
    try:
        if not base:
            raise Stopped("没有设置国家法律法规数据库的地址。")
        for kind in kinds:
            try:
                for row in national.rows(guest, base, kind=kind, since=since, title=title):
                    if fetched >= limit:
                        missed.append(f"本次只取 {limit} 份，其余下次再取。")
                        break
                    try:
                        fetched += national.download(guest, base, row, folder / kind) is not None
                    except Missed as error:
                        missed.append(str(error))
            except Missed as error:
                missed.append(f"{kind}：{error}")
    except Stopped as error:
        return _finish(run, folder, missed, stopped=str(error))
    return _finish(run, folder, missed)


def fetch_collection(*, limit: int = published.MAX_FILES, guest: Guest | None = None) -> Import:
    """Bring the published collection up to date and import it. Never raises for the network."""
    run = Import.objects.create(source="公开文本库", by_name="定时收取")
    folder, missed = folder_of("collection"), list[str]()
    try:
        if len(settings.ANLAN_LAW_COLLECTION) != 2:
            raise Stopped("没有设置公开文本库的地址（ANLAN_LAW_COLLECTION）。")
        listing, raw = settings.ANLAN_LAW_COLLECTION
        _changed, missed = published.fetch(guest or Guest(), listing, raw, folder, limit=limit)
    except (Stopped, Missed) as error:
        return _finish(run, folder, missed, stopped=str(error))
    return _finish(run, folder, missed)


def _finish(run: Import, folder: Path, missed: list[str], stopped: str = "") -> Import:
    """Import what came, then write down what did not."""
    if folder.exists():
        run = run_import(run, folder)
    rows = [{"file": "", "what": "missed", "words": words} for words in [*missed, *([stopped] if stopped else [])]]
    run.report = [*rows, *run.report]
    run.state = Import.State.FAILED if stopped else Import.State.DONE
    run.words = f"{stopped}{NO_NETWORK}"[:300] if stopped else ""
    run.ended_at = timezone.now()
    run.save()
    return run
