"""The hash chain: sealing, and finding whatever somebody changed in the database behind our back."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from anlan.audit.actions import record
from anlan.audit.chain import canonical, digest
from anlan.audit.models import Head, Record
from anlan.audit.tasks import seal, verify_chain

pytestmark = pytest.mark.django_db
SUBJECT = ("enterprises.enterprise", "17", "豫中精锻")


@pytest.fixture
def chain() -> list[Record]:
    """Five sealed records."""
    for n in range(5):
        record("import_roster", SUBJECT, by=None, region_code="410105", rows=n, words="“汉字”\u2028")
    seal()
    return list(Record.objects.sealed())


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_sealing_links_every_record_to_the_one_before(chain: list[Record]) -> None:
    assert [item.position for item in chain] == [1, 2, 3, 4, 5]
    assert [item.previous for item in chain] == ["", *(item.digest for item in chain[:-1])]
    assert len({item.digest for item in chain}) == 5
    assert verify_chain().intact and verify_chain().checked == 5


def test_sealing_again_adds_only_what_is_new(chain: list[Record]) -> None:
    assert seal() == 0
    record("import_roster", SUBJECT, by=None)
    assert seal() == 1
    assert verify_chain().checked == 6


def test_sealing_goes_in_batches() -> None:
    for _n in range(7):
        record("import_roster", SUBJECT, by=None)
    assert seal(batch=3) == 7
    assert verify_chain().intact


def test_the_digest_can_be_recomputed_from_the_canonical_json(chain: list[Record]) -> None:
    row = canonical(chain[2])
    assert digest(row) == chain[2].digest == digest(json.loads(json.dumps(row)))


@pytest.mark.parametrize(
    "change",
    [
        "at = '2020-01-01 00:00:00+00:00'",
        "actor_id = 9",
        "actor_name = '别人'",
        "actor_post = '网格员'",
        "verb = 'nothing'",
        "subject_kind = 'x'",
        "subject_id = '18'",
        "subject_name = '别家'",
        "region_code = '4101'",
        """detail = '{"rows": 99}'""",
        "address = '10.0.0.1'",
    ],
)
def test_any_changed_column_is_found(chain: list[Record], change: str) -> None:
    sql(f"UPDATE audit_record SET {change} WHERE position = 3")  # noqa: S608
    verdict = verify_chain()
    assert (verdict.checked, verdict.position) == (2, 3)
    assert "被改过" in str(verdict.why)


def test_a_change_with_its_digest_recomputed_is_found_at_the_next(chain: list[Record]) -> None:
    item = chain[2]
    item.actor_name = "别人"
    sql(f"UPDATE audit_record SET actor_name = '别人', digest = '{digest(canonical(item))}' WHERE position = 3")  # noqa: S608
    verdict = verify_chain()
    assert verdict.position == 4
    assert "接不上" in str(verdict.why)


@pytest.mark.parametrize("position", [1, 3, 5])
def test_a_deleted_record_is_found(chain: list[Record], position: int) -> None:
    sql(f"DELETE FROM audit_record WHERE position = {position}")  # noqa: S608
    assert verify_chain().position == position


def test_a_tail_cut_off_and_renumbered_is_found(chain: list[Record]) -> None:
    sql("DELETE FROM audit_record WHERE position > 3")
    verdict = verify_chain()
    assert verdict.position == 4
    assert "链尾" in str(verdict.why)


def test_a_record_slipped_in_is_found(chain: list[Record]) -> None:
    stray = record("import_roster", SUBJECT, by=None)
    sql(f"UPDATE audit_record SET position = 6, previous = '{chain[-1].digest}', digest = 'x' WHERE id = {stray.pk}")  # noqa: S608
    assert verify_chain().position == 6


def test_swapped_records_are_found(chain: list[Record]) -> None:
    sql("UPDATE audit_record SET position = 99 WHERE position = 2")
    sql("UPDATE audit_record SET position = 2 WHERE position = 3")
    sql("UPDATE audit_record SET position = 3 WHERE position = 99")
    assert verify_chain().position == 2


def test_the_finding_is_kept_for_the_page(chain: list[Record]) -> None:
    sql("UPDATE audit_record SET verb = 'x' WHERE position = 2")
    verify_chain()
    head = Head.objects.get()
    assert (head.broken, head.checked) == (2, 1)
    assert head.checked_at is not None


def test_records_are_never_deleted_by_the_program(chain: list[Record]) -> None:
    with pytest.raises(TypeError):
        chain[0].delete()


def test_the_command_verifies_and_exports(
    chain: list[Record], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("audit", "verify")
    assert "核对了 5 条，没有改动" in capsys.readouterr().out
    out = tmp_path / "audit.jsonl"
    call_command("audit", "export", str(out))
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").strip().split("\n")]
    previous = ""
    for row in rows:
        expected = row.pop("digest")
        assert row["previous"] == previous and digest(row) == expected
        previous = expected
    assert len(rows) == 5
    call_command("audit", "export", str(tmp_path / "audit.csv"))
    assert (tmp_path / "audit.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    sql("UPDATE audit_record SET verb = 'x' WHERE position = 2")
    with pytest.raises(CommandError, match="第 2 条"):
        call_command("audit", "verify")
    with pytest.raises(CommandError):
        call_command("audit", "export")


@pytest.mark.django_db(transaction=True)
def test_two_processes_seal_each_record_once() -> None:
    """Two connections seal at the same time; the lock on the head lets one wait for the other."""
    import threading

    for _n in range(40):
        record("import_roster", SUBJECT, by=None)
    done: list[int] = []

    def run(work: Callable[..., int]) -> None:
        try:
            done.append(work(batch=5))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(seal,)) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 40
    assert verify_chain().intact and verify_chain().checked == 40
