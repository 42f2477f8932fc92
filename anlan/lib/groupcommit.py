"""Group commit: rows that many requests bring within a few milliseconds share one durable transaction.

A row alone is written at once. While a transaction is under way the next rows gather, and then are written together:
the busier the house, the larger the groups. `submit` gives a future that is done only after COMMIT, so what was
acknowledged is on the disk; a row that is there already counts as written (the client sent it again).
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from django.db import InterfaceError, OperationalError, connections, models, transaction

Row = tuple[Any, ...]
Write = Callable[[Sequence[Row]], None]

LINGER: Final = 0.008
"""Seconds that a busy flusher lets rows gather after a commit: fewer and larger transactions, at little delay."""
MOST_WAITING: Final = 20_000
"""Rows that may wait in one process; above that the client is told to come back, and keeps its buffer."""
PATIENCE: Final = 8.0
"""Seconds after which a group that meets locks or a lost connection is given up."""

log = logging.getLogger(__name__)


class Busy(Exception):
    """The rows could not be stored now; nothing is lost as long as the client keeps and sends them again."""


class GroupCommit:
    """The flusher of one table in one process: coroutines of one event loop submit, one thread writes."""

    def __init__(self, write: Write, *, name: str) -> None:
        self.write = write
        self.thread = ThreadPoolExecutor(1, thread_name_prefix=f"flush-{name}")
        self.rows: list[Row] = []
        self.waiters: list[asyncio.Future[None]] = []
        self.is_writing = False

    def submit(self, rows: Sequence[Row]) -> asyncio.Future[None]:
        """Hand in rows that belong together; the future is done after their commit, or raises `Busy`."""
        if len(self.rows) + len(rows) > MOST_WAITING:
            raise Busy
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self.rows.extend(rows)
        self.waiters.append(waiter)
        if not self.is_writing:
            self._flush(loop)
        return waiter

    def _flush(self, loop: asyncio.AbstractEventLoop) -> None:
        self.is_writing = bool(self.rows)
        if not self.is_writing:
            return
        rows, waiters, self.rows, self.waiters = self.rows, self.waiters, [], []

        def told(outcome: Future[None]) -> None:  # still in the flusher's thread
            loop.call_soon_threadsafe(self._settle, loop, waiters, outcome.exception())

        self.thread.submit(self._commit, rows).add_done_callback(told)

    def _settle(
        self, loop: asyncio.AbstractEventLoop, waiters: list[asyncio.Future[None]], error: BaseException | None
    ) -> None:
        for waiter in waiters:
            if waiter.cancelled():  # the client left; its rows are stored all the same
                continue
            if error is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(Busy())
        # Several waiters mean that more are on their way: gather. One alone never waits.
        loop.call_later(LINGER if len(waiters) > 1 else 0, self._flush, loop)

    def _commit(self, rows: Sequence[Row]) -> None:
        until, pause = time.monotonic() + PATIENCE, 0.01
        while True:
            try:
                self.write(rows)
                return
            except (OperationalError, InterfaceError) as error:
                # Locked, deadlocked, or the server was restarted. Writing again is harmless: rows are unique.
                connections.close_all()
                if time.monotonic() > until:
                    log.error("%d rows were refused: %s", len(rows), error)
                    raise
                time.sleep(pause)
                pause = min(pause * 2, 0.5)
            except Exception:
                log.exception("%d rows were refused", len(rows))
                raise


def insert_new(model: type[models.Model], fields: Sequence[str], *, using: str = "default") -> Write:
    """Return what writes rows (values in the order of `fields`) of `model` in one transaction, skipping those there.

    One statement for any number of rows: PostgreSQL unnests an array per column, SQLite runs the prepared statement
    once a row. Rows are sorted, so that two processes that write the same keys cannot wait for each other in a circle.
    """
    columns = [field for name in fields for field in model._meta.concrete_fields if field.name == name]
    names = ", ".join(f'"{column.column}"' for column in columns)
    into = f'INSERT INTO "{model._meta.db_table}" ({names})'
    moments = [n for n, column in enumerate(columns) if isinstance(column, models.DateTimeField)]

    def write(rows: Sequence[Row]) -> None:
        connection = connections[using]
        ordered = sorted(rows)
        with transaction.atomic(using=using), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                kinds = ", ".join(f"%s::{str(column.db_type(connection)).split('(')[0]}[]" for column in columns)
                cursor.execute(
                    f"{into} SELECT * FROM unnest({kinds}) ON CONFLICT DO NOTHING",  # noqa: S608  # names come from the model
                    [list(values) for values in zip(*ordered, strict=True)],
                )
            else:
                adapt = connection.ops.adapt_datetimefield_value
                for n in moments:
                    ordered = [(*row[:n], adapt(row[n]), *row[n + 1 :]) for row in ordered]
                marks = ", ".join(["%s"] * len(columns))
                cursor.executemany(f"{into} VALUES ({marks}) ON CONFLICT DO NOTHING", ordered)

    return write
