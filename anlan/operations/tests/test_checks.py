"""Before real people come in: no demo accounts, no codes on the screen, no debugging, keys for nobody else."""

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import CommandError

from anlan.accounts.models import User
from anlan.lib.errors import Refused
from anlan.operations.actions import open_house
from anlan.operations.checks import TAG
from config.keys import load_or_make_keys


@pytest.fixture
def real_house(db: None, settings: Any, tmp_path: Path) -> Any:
    """Settings of an installation that is not a demo and in which nothing is wrong."""
    settings.ANLAN_DEMO = False
    settings.ANLAN_SMS_URL = ""
    settings.DEBUG = False
    settings.VAR_DIR = tmp_path
    settings.ANLAN_KEYS_MADE_FOR = "use"
    settings.ANLAN_PUBLIC_URL = "https://anlan.example"
    (tmp_path / "keys.json").touch(mode=0o600)
    return settings


def found() -> list[str]:
    return sorted(str(message.id) for message in run_checks(tags=[TAG], include_deployment_checks=True))


def test_a_house_in_order_passes(real_house: Any) -> None:
    assert found() == []


def test_demo_accounts_and_demo_messages_are_refused_outside_the_demo(real_house: Any) -> None:
    User.objects.create_user(name="演示人", is_demo=True)
    real_house.ANLAN_SMS_URL = "demo:"
    assert found() == ["anlan.E101", "anlan.E102"]
    with pytest.raises(CommandError, match="没有启动"):
        call_command("up")
    real_house.ANLAN_DEMO = True
    assert found() == []


def test_debugging_readable_keys_and_plain_http_are_found(real_house: Any) -> None:
    real_house.DEBUG = True
    real_house.ANLAN_PUBLIC_URL = "http://anlan.example"
    (real_house.VAR_DIR / "keys.json").chmod(0o644)
    assert found() == ["anlan.E103", "anlan.E104", "anlan.W105"]


def test_the_first_administrator_comes_in_once(real_house: Any) -> None:
    user = open_house(name="许文博", phone="13800000417", password="long enough to hold")
    assert {post.role_id for post in user.open_posts} == {"province_admin", "operator"}
    with pytest.raises(Refused) as refusal:
        open_house(name="别人", phone="13800000418", password="long enough to hold")
    assert refusal.value.code == "house_is_open"


def test_keys_of_a_demo_and_keys_that_can_be_guessed_are_refused(real_house: Any, tmp_path: Path) -> None:
    real_house.ANLAN_KEYS_MADE_FOR = "demo"
    assert found() == ["anlan.E106"]
    real_house.ANLAN_KEYS_MADE_FOR = "use"
    for weak in ("change-me", "a" * 50, "django-insecure-0123456789-abcdefghij-klmnop"):
        real_house.SECRET_KEY = weak
        assert found() == ["anlan.E107"], weak
    real_house.ANLAN_DEMO = True
    assert found() == []


def test_keys_remember_that_they_were_made_for_a_demo(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert load_or_make_keys(tmp_path / "a", demo=True)["made_for"] == "demo"
    assert load_or_make_keys(tmp_path / "a", demo=False)["made_for"] == "demo"
    assert load_or_make_keys(tmp_path / "b")["made_for"] == "use"
