"""The English catalogue is complete, and its placeholders are those of the Chinese."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from django.test import Client

APPS = Path(__file__).resolve().parent.parent / "anlan"
CATALOGUE = APPS / "locale" / "en" / "LC_MESSAGES" / "django.po"
HOLES = re.compile(r"%\([a-z_0-9]+\)[sd]|\{[a-z_]*\}|%s|%d")
CHINESE = re.compile("[\u4e00-\u9fff]")


def messages() -> list[Message]:
    with CATALOGUE.open("rb") as file:
        return [message for message in read_po(file) if message.id]


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def test_every_string_has_its_english() -> None:
    assert [m.id for m in messages() if not all(forms(m.string)) or m.fuzzy] == []


def test_placeholders_are_kept() -> None:
    wrong = [
        m.id
        for m in messages()
        if any(set(HOLES.findall(form)) != set(HOLES.findall(forms(m.id)[0])) for form in forms(m.string))
    ]
    assert wrong == []


def test_no_chinese_is_left_in_the_english() -> None:
    allowed = {"中文"}
    assert [
        m.id
        for m in messages()
        if m.id not in allowed and any(CHINESE.search(form.replace("中文", "")) for form in forms(m.string))
    ] == []


def test_a_label_before_a_value_leaves_a_space_and_no_word_is_half_a_sentence() -> None:
    """Chinese needs no space after “：”; English pages join the same two parts."""
    assert [m.id for m in messages() if forms(m.id)[0].endswith("：") and not forms(m.string)[0].endswith(": ")] == []
    words = {m.id: m.string for m in messages() if m.context is None}
    assert [words[name] for name in ("签名", "字段")] == ["Signature", "Field"]


def test_what_has_a_plural_is_asked_for_with_its_number() -> None:
    """Asked without one, English pages would show the Chinese: the catalogue keeps the two apart."""
    plurals = {m.id[0] for m in messages() if m.pluralizable}
    block = re.compile(r"{% blocktranslate((?: (?!%}).*?)?) ?%}(.*?){% endblocktranslate %}", re.DOTALL)
    word = re.compile(r"""(?:{% translate |\b(?<!n)(?:_|_lazy|_now|gettext)\(\s*)["'](.*?)["']""")
    wrong = []
    for file in (*APPS.rglob("*.html"), *APPS.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        asked = [
            re.sub(r"{{ ?(\w+) ?}}", r"%(\1)s", words) for more, words in block.findall(text) if " count " not in more
        ]
        wrong += [f"{file.name}: {words}" for words in (*asked, *word.findall(text)) if words in plurals]
    assert wrong == []


@pytest.mark.django_db
def test_the_switch_turns_the_portal_into_english() -> None:
    client = Client()
    client.post("/i18n/setlang/", {"language": "en", "next": "/"})
    page = client.get("/accessibility/").content.decode()
    assert '<html lang="en"' in page
    assert set(CHINESE.findall(page)) <= set("中文")
