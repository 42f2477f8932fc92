"""Another language needs words in the state folder and a line of the environment, no code (requirement L-04)."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from anlan.accounts.models import User
from anlan.operations.demo.cast import Cast

pytestmark = pytest.mark.django_db
MORE = [("zh-hans", "中文"), ("en", "English"), ("es", "Español"), ("ug", "ئۇيغۇرچە"), ("bo", "བོད་སྐད་")]


@pytest.fixture
def house(settings: Any, tmp_path: Path) -> Path:
    """A house with three more languages; where their words go."""
    settings.VAR_DIR, settings.LANGUAGES = tmp_path, MORE
    settings.LOCALE_PATHS = [tmp_path / "locale", *settings.LOCALE_PATHS[1:]]
    return tmp_path / "locale"


def prepared(code: str) -> str:
    said = StringIO()
    call_command("language", code, stdout=said)
    return said.getvalue()


def translate(po: Path, chinese: str, words: str) -> None:
    text = po.read_text(encoding="utf-8")
    assert f'msgid "{chinese}"\nmsgstr ""' in text
    po.write_text(
        text.replace(f'msgid "{chinese}"\nmsgstr ""', f'msgid "{chinese}"\nmsgstr "{words}"'), encoding="utf-8"
    )


def test_what_is_translated_shows_and_the_rest_stays_chinese(house: Path, client: Client) -> None:
    assert "已翻译 0 /" in prepared("es")
    po = house / "es" / "LC_MESSAGES" / "django.po"
    translate(po, "法律法规", "Leyes y reglamentos")
    assert "已翻译 1 /" in prepared("es")  # run again: kept, compiled, counted
    client.cookies["django_language"] = "es"
    page = client.get("/verify/").content.decode()
    assert '<html lang="es"' in page and "Leyes y reglamentos" in page and "事故案例" in page
    assert 'value="zh-hans" lang="zh-hans">中文' in page and 'value="en" lang="en">English' in page


@pytest.mark.parametrize(("code", "head"), [("ug", '<html lang="ug" dir="rtl"'), ("bo", '<html lang="bo">')])
def test_minority_languages_run_in_their_direction(house: Path, client: Client, code: str, head: str) -> None:
    prepared(code)
    translate(house / code / "LC_MESSAGES" / "django.po", "法律法规", "ཁྲིམས")
    prepared(code)
    client.cookies["django_language"] = code
    page = client.get("/verify/").content.decode()
    assert head in page and "ཁྲིམས" in page


def test_the_translator_sees_the_english_and_is_told_how_to_switch_on(house: Path, settings: Any) -> None:
    settings.LANGUAGES = MORE[:2]
    assert "ANLAN_LANGUAGES=es" in prepared("es")
    assert "#. English: Statutes" in (house / "es" / "LC_MESSAGES" / "django.po").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", ["zh-hans", "en", "../es", "", "Español"])
def test_what_is_no_further_language_is_refused(house: Path, code: str) -> None:
    with pytest.raises(CommandError):
        prepared(code)
    assert not house.exists()


def test_a_broken_file_is_left_as_it_is_and_a_read_one_kept_beside(house: Path) -> None:
    prepared("es")
    po = house / "es" / "LC_MESSAGES" / "django.po"
    translate(po, "法律法规", "Leyes")
    before = po.read_bytes()
    prepared("es")
    assert po.with_suffix(".po.old").read_bytes() == before
    broken = b'msgid "a"\nmsgstr "\xff\xfe"\n'
    po.write_bytes(broken)
    with pytest.raises(CommandError, match="没有改动"):
        prepared("es")
    assert po.read_bytes() == broken


def test_a_person_keeps_their_language(house: Path, cast: Cast, sign_in: Any) -> None:
    client = sign_in(cast.worker)
    page = client.get("/me/").content.decode()
    assert 'value="es" lang="es">Español' in page
    client.post("/me/preferences/", {"language": "es"})
    assert User.objects.get(pk=cast.worker.pk).language == "es"
