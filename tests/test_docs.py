"""What the documents point at is there: pictures, pages, sections of the same page, commands, and words on buttons."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md")])
GUIDE = sorted((ROOT / "docs" / "guide").glob("*.md"))
SHOTS = ROOT / "docs" / "shots"
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:^|[\s`/])anlan ([a-z_-]+)")
BUTTON = re.compile(r"按“([^”…]+)”")


def identity(page: Path) -> str:
    """The path as a test id."""
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=identity)
def test_every_relative_link_and_picture_exists(page: Path) -> None:
    targets = [link.split("#")[0] for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    missing = [target for target in targets if target and not (page.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=identity)
def test_every_command_named_exists(page: Path) -> None:
    spans = re.findall(r"`([^`\n]+)`|^```\w*\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    named = {name for span in spans for part in span for name in COMMAND.findall(part)}
    assert named <= set(get_commands()), named - set(get_commands())


@pytest.mark.parametrize("page", GUIDE, ids=identity)
def test_every_button_of_the_guide_is_named_as_on_the_page(page: Path) -> None:
    words = "\n".join(
        file.read_text(encoding="utf-8")
        for kind in ("*.html", "*.py", "*.js")
        for file in (ROOT / "anlan").rglob(kind)
        if "tests" not in file.parts
    )
    unknown = [
        name for name in BUTTON.findall(page.read_text(encoding="utf-8")) if name not in words and name != "English"
    ]
    assert unknown == []


def test_pictures_are_used_and_small() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    pictures = list(SHOTS.glob("*.png"))
    assert [one.name for one in pictures if one.stat().st_size > 200_000] == []
    assert sum(one.stat().st_size for one in pictures) < 6_000_000
    assert [one.name for one in pictures if one.name not in text] == []
