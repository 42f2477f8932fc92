"""Querysets whose SQL is made once. For a few rows found by key, making the SQL costs Django ten times what running it does
(docs/performance.md); pages that everybody opens all day say here what they read, and give the values later.

Nothing that was read is kept: only the text of the SQL is, and that depends on the models and the kind of database alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.query import ModelIterable, get_related_populators
from django.db.models.sql.compiler import SQLCompiler

T = TypeVar("T")


class Slot(Expression):
    """A place for a value, of the type of `output_field`: never None, never a list."""

    def __init__(self, name: str, output_field: Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        """Stand in the SQL as a parameter that `Prepared` fills."""
        return "%s", [self]

    def fill(self, values: dict[str, Any], connection: BaseDatabaseWrapper) -> Any:
        """Return the value as this database takes it."""
        value = values[self.name]
        if value is None:
            raise ValueError(f"the slot {self.name} takes no None")
        return self.output_field.get_db_prep_value(value, connection)


class _Made:
    """The SQL of one queryset on one database, and how its rows become objects or tuples."""

    def __init__(self, queryset: QuerySet[Any], using: str) -> None:
        compiler: Any = queryset.query.get_compiler(using)
        self.sql, self.params = compiler.as_sql()
        # `compiler.select` exists after as_sql(); the columns come in the order that the iterables of Django expect.
        self.converters = compiler.get_converters([column[0] for column in compiler.select])
        self.using = using
        self.model: type[Model] | None = None
        if issubclass(queryset._iterable_class, ModelIterable):
            info = compiler.klass_info
            first, last = info["select_fields"][0], info["select_fields"][-1] + 1
            self.model, self.columns = info["model"], slice(first, last)
            self.names = [column[0].target.attname for column in compiler.select[self.columns]]
            populators: Any = get_related_populators
            self.related = populators(info, compiler.select, using)
            self.annotations = compiler.annotation_col_map

    def run(self, values: dict[str, Any]) -> list[Any]:
        """Return the rows: instances of the model, or tuples."""
        connection = connections[self.using]
        params = [p.fill(values, connection) if isinstance(p, Slot) else p for p in self.params]
        with _cursor(connection) as cursor:
            cursor.execute(self.sql, params)
            rows = cursor.fetchall()
        if self.converters and rows:
            rows = [self._converted(row, connection) for row in rows]
        return rows if self.model is None else [self._instance(row) for row in rows]

    def _converted(self, row: tuple[Any, ...], connection: BaseDatabaseWrapper) -> tuple[Any, ...]:
        columns = list(row)
        for position, (converters, expression) in self.converters.items():
            for convert in converters:
                columns[position] = convert(columns[position], expression, connection)
        return tuple(columns)

    def _instance(self, row: tuple[Any, ...]) -> Model:
        assert self.model is not None  # noqa: S101 — run() asked
        found = self.model.from_db(self.using, self.names, row[self.columns])
        for related in self.related:
            related.populate(row, found)
        for name, position in self.annotations.items():
            setattr(found, name, row[position])
        return found


def _cursor(connection: Any) -> Any:
    """A cursor; on PostgreSQL one whose statements the server plans once for each connection (`prepare_threshold`)."""
    if connection.vendor != "postgresql":
        return connection.cursor()
    from django.db.backends.postgresql import base

    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor: Any = base.ServerBindingCursor
        return connection._prepare_cursor(cursor(connection.connection))


class Prepared(Generic[T]):
    """A queryset with slots: `Prepared(lambda user: Notice.objects.filter(user=user), user=IntegerField())`.

    `make` gets a slot for each name and returns a queryset of instances or of `values_list` tuples, without prefetches.
    It is called once per process, so it must read nothing that changes: the time, the language and the person are slots.
    """

    def __init__(self, make: Callable[..., QuerySet[Any, Any]], **slots: Field[Any, Any]) -> None:
        self._make, self._slots = make, slots
        self._made: _Made | None = None

    def rows(self, **values: Any) -> list[T]:
        """Run the query with these values, one for each slot."""
        if self._made is None:
            queryset = self._make(**{name: Slot(name, field) for name, field in self._slots.items()})
            self._made = _Made(queryset, queryset.db)
        return self._made.run(values)

    def first(self, **values: Any) -> T | None:
        """Return the first row, if any."""
        return next(iter(self.rows(**values)), None)
