"""The law desk: upload, watch, retry, settle doubts; for editors only."""

from __future__ import annotations

import io
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from anlan.audit.models import Record
from anlan.law import tasks
from anlan.law.actions.importing import run_import
from anlan.law.actions.uploading import upload_texts, work_on
from anlan.law.models import Import, Provision, Statute, Version
from anlan.law.tests.made_up import LANTERN, LANTERN_2020, PAPER, put
from anlan.lib.errors import Refused
from anlan.search.models import Document

pytestmark = pytest.mark.django_db
DESK = "/law/desk/"


def packed(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, words in files.items():
            archive.writestr(name.replace("__", "/") + ".md", words)
    return content.getvalue()


def test_an_upload_becomes_an_import_that_the_worker_does(cast: Any, sign_in: Any) -> None:
    client = sign_in(cast.editor)
    given = SimpleUploadedFile("灯笼.zip", packed(社会法__灯笼安全法=LANTERN, 甲__灯笼安全法=LANTERN_2020))
    answer = client.post(DESK, {"file": given})
    run = Import.objects.get()
    assert answer["Location"] == reverse("law:import", args=[run.pk])
    tasks.work_on_import.func(run.pk)
    run.refresh_from_db()
    assert (run.state, run.added, run.by_name) == ("done", 2, "宋可")
    assert "新增 2 个版本" in client.get(reverse("law:import", args=[run.pk])).content.decode()
    assert Record.objects.filter(verb="import_statutes").count() == 1


def test_a_single_markdown_file_is_taken_too(cast: Any) -> None:
    run = upload_texts(io.BytesIO(LANTERN.encode()), "灯笼安全法.md", by=cast.editor)
    assert work_on(run).added == 1


def test_paths_that_leave_the_archive_stay_in_it(cast: Any, tmp_path: Path) -> None:
    run = upload_texts(io.BytesIO(packed(**{"..__..__灯": LANTERN, "纸灯暂行办法": PAPER})), "a.zip", by=cast.editor)
    assert work_on(run).total == 1


@pytest.mark.parametrize(
    ("name", "content"), [("a.exe", b"MZ"), ("a.docx", b"<html>"), ("a.zip", b"PK cut"), ("a.pdf", b"%PDF-1.7")]
)
def test_other_kinds_and_broken_files_are_refused_and_not_kept(
    cast: Any, sign_in: Any, name: str, content: bytes
) -> None:
    answer = sign_in(cast.editor).post(DESK, {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 422
    assert not Import.objects.exists()


def test_a_bomb_is_refused_kindly(cast: Any, sign_in: Any) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.md", b"0" * (8 * 1024 * 1024))
    answer = sign_in(cast.editor).post(DESK, {"file": SimpleUploadedFile("a.zip", bomb.getvalue())})
    assert answer.status_code == 422
    assert "过大" in answer.content.decode()


def test_only_editors_find_the_desk(cast: Any, sign_in: Any, client: Any) -> None:
    run = Import.objects.create(source="x")
    addresses = [
        DESK,
        *(reverse(f"law:{name}", args=[run.pk]) for name in ("import", "import-progress", "import-report")),
    ]
    for person in (cast.worker, cast.manager, cast.county, cast.auditor):
        for address in addresses:
            assert sign_in(person).get(address).status_code == 404
    client.logout()
    assert client.get(DESK).status_code == 302
    with pytest.raises(Refused):
        upload_texts(io.BytesIO(LANTERN.encode()), "a.md", by=cast.worker)


def test_wrong_methods_are_refused(cast: Any, sign_in: Any) -> None:
    run = Import.objects.create(source="x")
    client = sign_in(cast.editor)
    assert client.get(reverse("law:import-retry", args=[run.pk])).status_code == 405
    assert client.post(reverse("law:import", args=[run.pk])).status_code == 405


def test_a_broken_import_says_so_and_goes_on_where_it_was(cast: Any, sign_in: Any, tmp_path: Path) -> None:
    run = Import.objects.create(source="文件夹", path=str(tmp_path / "away"))
    with pytest.raises(FileNotFoundError):
        tasks.work_on_import.func(run.pk)
    run.refresh_from_db()
    assert run.state == Import.State.FAILED
    put(tmp_path / "away", 灯笼安全法=LANTERN)
    client = sign_in(cast.editor)
    assert "重新导入" in client.get(reverse("law:import", args=[run.pk])).content.decode()
    client.post(reverse("law:import-retry", args=[run.pk]))
    assert client.post(reverse("law:import-retry", args=[run.pk])).status_code == 409
    tasks.work_on_import.func(run.pk)
    run.refresh_from_db()
    assert (run.state, run.added, run.words) == ("done", 1, "")


def test_a_silent_import_is_handed_to_a_worker_once(tmp_path: Path) -> None:
    old = timezone.now() - timedelta(minutes=10)
    Import.objects.create(source="x", path=str(tmp_path), beat_at=old)
    Import.objects.create(source="y", path=str(tmp_path))
    assert tasks.requeue_imports() == 1
    assert tasks.requeue_imports() == 0


def test_progress_reloads_the_page_when_it_is_done(cast: Any, sign_in: Any) -> None:
    client = sign_in(cast.editor)
    run = Import.objects.create(source="x", total=10, done=5)
    answer = client.get(reverse("law:import-progress", args=[run.pk]))
    assert "50%" in answer.content.decode()
    assert "HX-Refresh" not in answer
    Import.objects.update(state="done")
    assert client.get(reverse("law:import-progress", args=[run.pk]))["HX-Refresh"] == "true"


def test_the_report_is_a_table_without_formulas(cast: Any, sign_in: Any) -> None:
    run = Import.objects.create(
        source="x", state="done", report=[{"file": "=cmd()", "what": "doubt", "words": '说"明'}]
    )
    lines = (
        sign_in(cast.editor).get(reverse("law:import-report", args=[run.pk])).content.decode("utf-8-sig").split("\r\n")
    )
    assert lines[1] == '"\'=cmd()","疑点","说""明"'


def test_a_doubt_is_settled_with_its_source_and_the_neighbours_follow(cast: Any, sign_in: Any, tmp_path: Path) -> None:
    run_import(Import.objects.create(source="x"), put(tmp_path, a__灯=LANTERN, b__灯=LANTERN_2020))
    new = Version.objects.get(key="2020-06-01")
    client = sign_in(cast.editor)
    assert "暂按修改之日" in client.get(DESK).content.decode()
    address = reverse("law:check", args=[new.pk])
    assert client.get(address).status_code == 200
    early = client.post(address, {"effective_on": "2019-01-01", "source": "x"})
    assert early.status_code == 422
    assert client.post(address, {"effective_on": "2020-09-01", "source": ""}).status_code == 422
    assert client.post(address, {"effective_on": "2020-09-01", "source": "修改决定第二条"}).status_code == 302
    new.refresh_from_db()
    assert (new.effective_on, new.doubts) == (date(2020, 9, 1), [])
    assert Version.objects.get(key="2010-03-01").ended_on == date(2020, 9, 1)
    assert Document.objects.get(key="灯笼安全法:4").day == date(2020, 9, 1)
    assert Record.objects.get(verb="confirm_version").detail["source"] == "修改决定第二条"
    assert client.post(address, {"effective_on": "2020-09-02", "source": "x"}).status_code == 409


def test_the_desk_asks_as_often_for_two_versions_as_for_twenty(
    cast: Any, sign_in: Any, django_assert_num_queries: Any
) -> None:
    client = sign_in(cast.editor)
    statute = Statute.objects.create(slug="灯", title="灯", short="灯", level="law")

    def lay(first: int, last: int) -> None:
        Version.objects.bulk_create(
            [
                Version(statute=statute, key=f"k{n}", source="x", digest=str(n), doubts=["不明"])
                for n in range(first, last)
            ]
        )
        Import.objects.bulk_create([Import(source=str(n)) for n in range(first, last)])

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(DESK)
    lay(0, 2)
    with CaptureQueriesContext(connection) as two:
        client.get(DESK)
    lay(2, 20)
    with CaptureQueriesContext(connection) as twenty:
        client.get(DESK)
    assert len(twenty) == len(two) <= 15


def test_the_configured_folder_is_imported_once(settings: Any, tmp_path: Path) -> None:
    settings.ANLAN_LAW_DIR = str(put(tmp_path, 灯笼安全法=LANTERN))
    assert tasks.import_configured() == 1
    assert tasks.import_configured() == 0
    assert Statute.objects.filter(short="安全生产法").exists()
    tasks.work_on_import.func(Import.objects.get().pk)
    assert Provision.objects.filter(kind="article").count() == 5
    settings.ANLAN_LAW_DIR = str(tmp_path / "nowhere")
    assert tasks.import_configured() == 0


def test_what_came_into_force_today_is_told_to_search(tmp_path: Path) -> None:
    later = timezone.localdate() + timedelta(days=3)
    run_import(Import.objects.create(source="x"), put(tmp_path, a__灯=LANTERN, b__灯=LANTERN_2020))
    Version.objects.filter(key="2020-06-01").update(effective_on=later)
    tasks.settle_dates()
    tasks.tell_search(Statute.objects.values_list("pk", flat=True))
    assert Document.objects.get(key="灯笼安全法:1").text == "为了挂好灯笼，制定本法。"
    Version.objects.filter(key="2020-06-01").update(effective_on=timezone.localdate())
    tasks.begin_and_end()
    assert Document.objects.get(key="灯笼安全法:1").text == "为了挂好灯笼，保护行人，制定本法。"
    assert not Document.objects.filter(key="灯笼安全法@2020-06-01:1", gone=False).exists()
