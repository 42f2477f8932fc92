"""Writing many rows in one statement, where the ORM would send them one by one through Python."""

from collections.abc import Sequence
from typing import Any

from django.db import connections, models, router
from django.db.models import Expression, Field, Value


def insert_from(model: type[models.Model], rows: models.QuerySet[Any, Any], columns: Sequence[str]) -> int:
    """INSERT … SELECT … ON CONFLICT DO NOTHING; return how many rows are new.

    `rows` is a `values_list` whose values stand in the order of `columns` (names of fields of `model`); it must have a
    condition, because SQLite cannot tell a bare SELECT followed by ON CONFLICT from a join. Columns left out become
    NULL. One statement whatever the number of rows: 20,000 enrolments take under a second.
    """
    using = router.db_for_write(model)
    connection = connections[using]
    quote = connection.ops.quote_name
    names = ", ".join(quote(_column(model, name)) for name in columns)
    select, params = rows.order_by().query.get_compiler(using=using).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {quote(model._meta.db_table)} ({names}) {select} ON CONFLICT DO NOTHING", params)
        return max(int(cursor.rowcount), 0)


def _column(model: type[models.Model], name: str) -> str:
    field = model._meta.get_field(name)
    if not isinstance(field, Field) or field.column is None:
        raise TypeError(f"{name} of {model.__name__} has no column")
    return str(field.column)


def constant(value: object, field: Field[Any, Any]) -> Expression:
    """A value as a column of a SELECT, adapted by the field it goes into; expressions pass as they are."""
    return value if isinstance(value, Expression) else Value(value, output_field=field)
