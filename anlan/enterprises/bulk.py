"""Many rows into a table without an object for each: what `bulk_create` does, at about a quarter of its cost."""

from itertools import chain
from typing import Any, Final

from django.db import connections, models, router
from django.utils import timezone

PARAMETERS: Final = 32_000
"""Of one statement in SQLite, which takes 32,766. PostgreSQL gets its rows by COPY, under keys taken beforehand."""


def insert_many(model: type[models.Model], count: int, **columns: Any) -> list[int]:
    """Insert `count` rows given by column and return their keys in order, in the caller's transaction.

    A list is a value for each row, anything else the value of all rows; columns not named take the field's default.
    Fields convert and encrypt as always; `save()`, signals and validation are not called.
    """
    if not count:
        return []
    connection = connections[router.db_for_write(model)]
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    prepared = [_column(field, columns, count, connection) for field in fields]
    quote = connection.ops.quote_name
    key = model._meta.pk
    assert key is not None  # noqa: S101 (every model has one)
    names = ", ".join(quote(str(field.column)) for field in fields)
    head = f"INSERT INTO {quote(model._meta.db_table)} ({names}) "
    tail = f" RETURNING {quote(str(key.column))}"
    keys: list[int] = []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            table, column = quote(model._meta.db_table), str(key.column)
            ask = "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)"
            cursor.execute(ask, [table, column, count])
            keys = [found[0] for found in cursor.fetchall()]
            with (
                connection.wrap_database_errors,
                cursor.copy(f"COPY {table} ({quote(column)}, {names}) FROM STDIN") as copy,
            ):
                for row in zip(keys, *prepared, strict=True):
                    copy.write_row(row)
            return keys
        step = PARAMETERS // len(fields)
        line = f"({', '.join(['%s'] * len(fields))})"
        for start in range(0, count, step):
            rows = list(zip(*(column[start : start + step] for column in prepared), strict=True))
            cursor.execute(f"{head}VALUES {', '.join([line] * len(rows))}{tail}", list(chain.from_iterable(rows)))
            keys += [found[0] for found in cursor.fetchall()]
    return keys


def _column(field: Any, columns: dict[str, Any], count: int, connection: Any) -> list[Any]:
    given = columns.get(field.attname, columns.get(field.name, _MISSING))
    if given is _MISSING:
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            given = timezone.now() if isinstance(field, models.DateTimeField) else timezone.localdate()
        else:
            given = [field.get_default() for _ in range(count)] if callable(field.default) else field.get_default()
    if isinstance(given, list):
        return [field.get_db_prep_save(value, connection) for value in given]
    return [field.get_db_prep_save(given, connection)] * count


_MISSING: Final = object()
