"""The region on the firm's own row, and indexes that lists of firms are read from; words found by three signs in a row."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.models import OuterRef, Subquery

WORDS = {
    "organisations_by_words": ("accounts_organisation", "name"),
    "firms_by_head": ("enterprises_enterprise", "legal_person"),
}


def copy_place(apps: Any, schema_editor: Any) -> None:
    """Every firm gets the region of its organisation."""
    Enterprise, Organisation = apps.get_model("enterprises", "Enterprise"), apps.get_model("accounts", "Organisation")
    Enterprise.objects.update(
        region_code=Subquery(Organisation.objects.filter(pk=OuterRef("pk")).values("region_code")[:1])
    )


def index_words(apps: Any, schema_editor: Any) -> None:
    """PostgreSQL: trigrams. A database of which we may not make extensions searches without; it must then be
    asked to `CREATE EXTENSION pg_trgm` first. (In a cluster under locale C, Chinese has no trigrams and nothing is gained.)
    """
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        if not cursor.fetchone():
            cursor.execute(
                "SELECT has_database_privilege(current_database(), 'CREATE') AND EXISTS "
                "(SELECT 1 FROM pg_available_extension_versions WHERE name = 'pg_trgm' AND (trusted OR NOT superuser"
                " OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)))"
            )
            if not cursor.fetchone()[0]:
                return
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        for name, (table, column) in WORDS.items():
            cursor.execute(f'CREATE INDEX {name} ON {table} USING gin ("{column}" gin_trgm_ops)')


def drop_words(apps: Any, schema_editor: Any) -> None:
    """The way back."""
    if schema_editor.connection.vendor == "postgresql":
        for name in WORDS:
            schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [
        ("enterprises", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="enterprise",
            name="region_code",
            field=models.CharField(
                default="",
                editable=False,
                help_text="of the organisation: lists of firms are found and ordered by one index",
                max_length=24,
            ),
        ),
        migrations.RunPython(copy_place, migrations.RunPython.noop, elidable=True),
        migrations.RemoveIndex(model_name="enterprise", name="firms_by_risk"),
        migrations.RemoveIndex(model_name="enterprise", name="firms_by_size"),
        migrations.AddIndex(
            model_name="enterprise",
            index=models.Index(
                fields=["status", "rank", "-headcount", "organisation", "region_code"], name="firms_by_risk"
            ),
        ),
        migrations.AddIndex(
            model_name="enterprise",
            index=models.Index(fields=["status", "-headcount", "organisation", "region_code"], name="firms_by_size"),
        ),
        migrations.AddIndex(
            model_name="enterprise",
            index=models.Index(
                fields=["region_code", "status", "rank", "-headcount", "organisation"], name="firms_by_place"
            ),
        ),
        migrations.RunPython(index_words, drop_words),
    ]
