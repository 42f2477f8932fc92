"""Changing the key of encrypted fields while everything goes on."""

import pytest
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from django.core.management import call_command
from django.db import connection

from anlan.accounts.actions import rotate_keys
from anlan.accounts.actions.keys import encrypted_fields
from anlan.accounts.adapter import MfaAdapter
from anlan.accounts.models import User
from anlan.accounts.models.users import phone_index
from anlan.lib import crypto
from anlan.operations.demo.cast import Cast


@pytest.fixture
def new_key(settings: LazySettings) -> object:
    """From now on a new key seals; the old one still opens."""

    def _change() -> str:
        old = settings.ANLAN_KEYS
        settings.ANLAN_KEYS = f"k2:{crypto.new_key()},{old}"
        crypto.ring.cache_clear()
        return str(old)

    yield _change
    crypto.ring.cache_clear()


def stored(column: str = "phone") -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM accounts_user ORDER BY id")  # noqa: S608
        return [row[0] for row in cursor.fetchall()]


def sealed() -> int:
    """How many encrypted values there are in the whole database."""
    return sum(
        model._default_manager.filter(**{f"{field.name}__isnull": False}).count() for model, field in encrypted_fields()
    )


def test_old_values_are_sealed_again_and_everybody_is_still_found(cast: Cast, new_key, settings: LazySettings) -> None:  # type: ignore[no-untyped-def]
    Authenticator.objects.create(user=cast.county, type="totp", data={"secret": MfaAdapter().encrypt("ABC")})
    numbers = {user.pk: (user.phone, user.id_number, user.phone_index) for user in User.objects.all()}
    new_key()
    assert rotate_keys(batch=3) == sealed() + 1
    assert all(value.startswith("v1.k2.") for value in stored() + stored("id_number"))
    settings.ANLAN_KEYS = settings.ANLAN_KEYS.split(",")[0]  # the old key is gone for good
    crypto.ring.cache_clear()
    assert {user.pk: (user.phone, user.id_number, user.phone_index) for user in User.objects.all()} == numbers
    assert User.objects.by_phone(cast.worker.phone) == cast.worker
    assert MfaAdapter().decrypt(Authenticator.objects.get().data["secret"]) == "ABC"


def test_a_second_run_finds_nothing(cast: Cast, new_key) -> None:  # type: ignore[no-untyped-def]
    new_key()
    rotate_keys()
    before = stored()
    assert rotate_keys() == 0
    assert stored() == before


def test_a_broken_run_goes_on_where_it_stopped(cast: Cast, new_key) -> None:  # type: ignore[no-untyped-def]
    new_key()
    told: list[str] = []

    def stop(place: str, n: int) -> None:
        told.append(place)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate_keys(batch=4, tell=stop)
    assert told and rotate_keys() <= sealed()
    assert rotate_keys() == 0
    assert not any(crypto.needs_rotation(value) for value in stored() + stored("id_number"))


def test_blind_indexes_do_not_depend_on_the_key(cast: Cast, new_key) -> None:  # type: ignore[no-untyped-def]
    before = phone_index(cast.worker.phone)
    new_key()
    assert phone_index(cast.worker.phone) == before


def test_the_command_says_what_it_did(cast: Cast, new_key, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    new_key()
    call_command("keys", "rotate", batch=5)
    assert f"换了 {sealed()} 个值" in capsys.readouterr().out
    call_command("keys", "new")
    assert len(capsys.readouterr().out.strip()) == 43
