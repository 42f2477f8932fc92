from collections.abc import Iterator

import pytest
from django.core.exceptions import FieldError
from django.db import connection, models
from django.db.models.functions import Cast

from anlan.lib import crypto
from anlan.lib.fields import EncryptedTextField, needs_rotation


class Secret(models.Model):
    name = models.CharField(max_length=9, primary_key=True)
    text = EncryptedTextField(null=True)

    class Meta:
        app_label = "lib_tests"

    def __str__(self) -> str:
        return self.name


@pytest.fixture(autouse=True)
def table(db: None, settings: object) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {Secret._meta.db_table} (name varchar(9) PRIMARY KEY, text text NULL)")
    crypto.ring.cache_clear()
    yield
    crypto.ring.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {Secret._meta.db_table}")


def stored(name: str) -> str:
    value: str = (
        Secret.objects.annotate(raw=Cast("text", models.TextField())).values_list("raw", flat=True).get(name=name)
    )
    return value


def test_text_is_sealed_at_rest_and_plain_in_python_by_every_way_in() -> None:
    Secret.objects.create(name="one", text="甲")
    Secret.objects.bulk_create(
        [Secret(name="bulk", text="乙"), Secret(name="none", text=None), Secret(name="empty", text="")]
    )
    bulk = Secret.objects.get(name="bulk")
    assert bulk.text == "乙"
    bulk.text = "丙"
    Secret.objects.bulk_update([bulk], ["text"])
    Secret.objects.filter(name="one").update(text="丁")
    assert dict(Secret.objects.values_list("name", "text")) == {"one": "丁", "bulk": "丙", "none": None, "empty": ""}
    assert all(stored(name).startswith("v1.") for name in ("one", "bulk", "empty"))
    assert list(Secret.objects.filter(text__isnull=True).values_list("name", flat=True)) == ["none"]


@pytest.mark.parametrize("lookup", ["text", "text__contains", "text__in", "text__gt", "text__length"])
def test_lookups_are_refused_in_clear_words(lookup: str) -> None:
    with pytest.raises(FieldError, match="encrypted"):
        list(Secret.objects.filter(**{lookup: "甲"}))
    with pytest.raises(FieldError, match="encrypted"):
        list(Secret.objects.exclude(**{lookup: "甲"}))


def test_values_under_an_old_key_are_read_and_rotated_by_saving(settings: "pytest.FixtureRequest") -> None:
    Secret.objects.create(name="old", text="甲")
    settings.ANLAN_KEYS = f"new:{crypto.new_key()},{settings.ANLAN_KEYS}"  # type: ignore[attr-defined]
    crypto.ring.cache_clear()
    assert needs_rotation(stored("old"))
    Secret.objects.get(name="old").save()
    assert not needs_rotation(stored("old")) and Secret.objects.get(name="old").text == "甲"


def test_the_migration_carries_no_key() -> None:
    field = EncryptedTextField(null=True, bound_to="old.Name.text")
    _, path, args, kwargs = field.deconstruct()
    assert (path, args, kwargs) == (
        "anlan.lib.fields.EncryptedTextField",
        [],
        {"null": True, "bound_to": "old.Name.text"},
    )
    assert "bound_to" not in EncryptedTextField().deconstruct()[3]
    assert field.aad == "old.Name.text" and Secret._meta.get_field("text").aad == "lib_tests.Secret.text"


def test_unique_or_indexed_is_an_error_of_the_checks() -> None:
    field = EncryptedTextField(unique=True)
    field.set_attributes_from_name("text")
    field.model = Secret
    assert "anlan.E001" in [message.id for message in field.check()]
