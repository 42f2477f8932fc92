"""`anlan language es`: another language for the pages, without a line of code."""

import re
from pathlib import Path
from typing import Any

from babel.core import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, read_po, write_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import to_locale

from anlan.ui.management.commands.frontend import compile_catalogue

CODE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")
SHIPPED = {"zh-hans", "en"}


class Command(BaseCommand):
    """Keep the words of a language in the state folder: bring in new sentences, compile, say how far it is."""

    help = "Prepare or refresh the words of another language."

    def add_arguments(self, parser: Any) -> None:
        """The code as browsers say it: es, mn, ug, bo, zh-hant."""
        parser.add_argument("code", help="es, mn, ug, bo …")

    def handle(self, *args: Any, **options: Any) -> None:
        """Translated sentences are kept; those that the product no longer says are dropped; the English stands beside."""
        code = options["code"].lower()
        if not CODE.fullmatch(code) or code in SHIPPED:
            raise CommandError(
                f"“{code}” 不是可以添加的语言代码，例如 es（西班牙语）、mn（蒙古语）、ug（维吾尔语）、bo（藏语）。"
            )
        place = Path(settings.VAR_DIR) / "locale" / to_locale(code) / "LC_MESSAGES" / "django.po"
        kept = _read(place) if place.exists() else None
        with (Path(settings.BASE_DIR) / "anlan/locale/en/LC_MESSAGES/django.po").open("rb") as source:
            english = read_po(source)
        catalogue = Catalog(locale=_known(code), project="anlan", charset="utf-8")
        for message in english:
            if message.id:
                old = kept.get(message.id, message.context) if kept else None
                said = _strings(message)[0]
                catalogue.add(
                    message.id, (old.string if old else None) or "", flags=message.flags, context=message.context,
                    auto_comments=[f"English: {said}".replace("\n", " ")] if said else [],
                )  # fmt: skip
        place.parent.mkdir(parents=True, exist_ok=True)
        if kept:
            place.replace(place.with_suffix(".po.old"))  # what a reader of such files skips over is not lost
        with place.open("wb") as target:
            write_po(target, catalogue, width=0)
        done = sum(all(_strings(message)) for message in compile_catalogue(place) if message.id)
        self.stdout.write(f"{place}\n已翻译 {done} / {len(catalogue)} 句，没有翻译的显示中文。译好后再运行一次本命令。")
        if code not in dict(settings.LANGUAGES):
            self.stdout.write(f"要让读者能选它：ANLAN_LANGUAGES={code}=它自己的叫法，然后重启。")


def _strings(message: Message) -> tuple[str, ...]:
    """The translation in all its plurals."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


def _read(place: Path) -> Catalog:
    """Raises CommandError, leaving the file alone, where it cannot be read."""
    try:
        with place.open("rb") as source:
            return read_po(source, abort_invalid=True)
    except (PoFileError, ValueError) as error:
        raise CommandError(f"{place} 读不懂，没有改动它：{error}") from error


def _known(code: str) -> str | None:
    """The name under which plural rules are known; none for languages nobody listed: they count without plurals."""
    try:
        return str(Locale.parse(to_locale(code)))
    except (UnknownLocaleError, ValueError):
        return None
