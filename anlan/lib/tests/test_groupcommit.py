"""Group commit: rows share transactions, an answer comes only after the commit, trouble is told and never swallowed."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from django.db import OperationalError, connections

from anlan.lib import groupcommit
from anlan.lib.groupcommit import Busy, GroupCommit, Row, insert_new
from anlan.training.models import Beat

FIELDS = ["session_id", "seq", "received_at", "spans"]


class Table:
    """A table in memory that can be slow or fail; remembers the groups it was given."""

    def __init__(self) -> None:
        self.groups: list[list[Row]] = []
        self.errors: list[Exception] = []
        self.gate = threading.Event()
        self.gate.set()

    def write(self, rows: Sequence[Row]) -> None:
        self.gate.wait(5)
        if self.errors:
            raise self.errors.pop(0)
        self.groups.append(list(rows))


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def group(table: Table) -> Iterator[GroupCommit]:
    group = GroupCommit(table.write, name="test")
    yield group
    group.thread.shutdown()


def test_a_row_alone_is_written_at_once(table: Table, group: GroupCommit) -> None:
    async def scene() -> None:
        await group.submit([(1,)])

    asyncio.run(scene())
    assert table.groups == [[(1,)]]


def test_rows_that_arrive_during_a_commit_share_the_next_one(table: Table, group: GroupCommit) -> None:
    async def scene() -> None:
        table.gate.clear()
        waiting = [group.submit([(n,)]) for n in range(50)]
        assert not any(waiter.done() for waiter in waiting)
        table.gate.set()
        await asyncio.gather(*waiting)

    asyncio.run(scene())
    assert table.groups == [[(0,)], [(n,) for n in range(1, 50)]]


def test_nothing_is_acknowledged_before_the_commit(table: Table, group: GroupCommit) -> None:
    async def scene() -> None:
        table.gate.clear()
        waiter = group.submit([(1,)])
        done, _ = await asyncio.wait([waiter], timeout=0.05)
        assert not done
        assert table.groups == []
        table.gate.set()
        await waiter
        assert table.groups == [[(1,)]]

    asyncio.run(scene())


def test_a_lock_error_is_tried_again(table: Table, group: GroupCommit) -> None:
    table.errors = [OperationalError("database is locked"), OperationalError("deadlock detected")]

    async def scene() -> None:
        await group.submit([(1,)])

    asyncio.run(scene())
    assert table.groups == [[(1,)]]


def test_lasting_trouble_is_told_as_busy_and_the_next_row_passes(
    table: Table, group: GroupCommit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groupcommit, "PATIENCE", -1.0)
    table.errors = [OperationalError("database is locked"), ValueError("a fault of ours")]

    async def scene() -> None:
        for _trouble in range(2):
            with pytest.raises(Busy):
                await group.submit([(1,)])
        await group.submit([(2,)])

    asyncio.run(scene())
    assert table.groups == [[(2,)]]


def test_too_many_waiting_rows_are_refused_at_once(
    table: Table, group: GroupCommit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groupcommit, "MOST_WAITING", 2)

    async def scene() -> None:
        table.gate.clear()
        waiting = [group.submit([(n,)]) for n in range(3)]  # one is being written, two wait
        with pytest.raises(Busy):
            group.submit([(9,)])
        table.gate.set()
        await asyncio.gather(*waiting)

    asyncio.run(scene())
    assert [row for rows in table.groups for row in rows] == [(0,), (1,), (2,)]


def test_a_client_that_left_does_not_disturb_the_others(table: Table, group: GroupCommit) -> None:
    async def scene() -> None:
        table.gate.clear()
        group.submit([(0,)])
        gone, stays = group.submit([(1,)]), group.submit([(2,)])
        gone.cancel()
        table.gate.set()
        await stays

    asyncio.run(scene())
    assert table.groups[-1] == [(1,), (2,)]


@pytest.mark.django_db
def test_rows_that_are_there_are_skipped_and_values_come_back_as_they_were() -> None:
    write, now = insert_new(Beat, FIELDS), datetime(2026, 3, 1, 8, 30, 0, 123456, tzinfo=UTC)
    write([(7, 2, now, "[0,15]"), (7, 1, now, "[]"), (7, 2, now, "[0,15]")])
    write([(7, 2, now, "[99,100]"), (2**62, 2**63 - 1, now, "[1,2]")])
    stored = list(Beat.objects.order_by("session_id", "seq").values_list("session_id", "seq", "received_at", "spans"))
    assert stored == [(7, 1, now, "[]"), (7, 2, now, "[0,15]"), (2**62, 2**63 - 1, now, "[1,2]")]


@pytest.mark.django_db(transaction=True)
def test_two_writers_of_the_same_rows_never_stop_each_other() -> None:
    now = datetime.now(UTC)
    rows = [(session, 1, now, "[]") for session in range(200)]
    errors: list[Exception] = []

    def work(mine: list[Row]) -> None:
        try:
            for _round in range(10):
                insert_new(Beat, FIELDS)(mine)
        except OperationalError as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(mine,)) for mine in (rows, rows[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert Beat.objects.count() == 200
