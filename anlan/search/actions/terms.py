"""The thesaurus as editors keep it, and the entries it comes with."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import orjson
from django.db import transaction
from django.utils.translation import gettext as _

from anlan.audit.actions import record
from anlan.lib.errors import Refused
from anlan.search.models import Term

DATA: Final = Path(__file__).parents[1] / "data"
MOST: Final = 20
LONGEST: Final = 60
LINE: Final = 300
"""Characters of a line of a scene, which holds many words."""


def save_term(term: Term | None, *, kind: str, lay: Sequence[str], formal: Sequence[str], note: str, by: Any) -> Term:
    """Add an entry, or change one. Lists are cleaned: no blanks, no repetition, at most twenty of sixty characters."""
    lay, formal = _cleaned(lay, LINE if kind == Term.Kind.SCENE else LONGEST), _cleaned(formal)
    if not lay:
        raise Refused(_("请写大家平时怎么说，至少一个。"), code="no_lay", status=422, field="lay")
    if kind != Term.Kind.WORD and not formal:
        raise Refused(_("请写条文里怎么写，至少一个。"), code="no_formal", status=422, field="formal")
    if kind == Term.Kind.SCENE and len(lay) < 2:
        raise Refused(_("情景至少要两行：一行一组说法，每组都出现才算。"), code="one_group", status=422, field="lay")
    if kind == Term.Kind.TYPO and (len(formal) > 1 or formal[0] in lay):
        raise Refused(
            _("错别字只能对应一个正确的写法，而且两边不能一样。"), code="bad_typo", status=422, field="formal"
        )
    before = str(term) if term else ""
    with transaction.atomic():
        saved = term or Term()
        saved.kind, saved.lay, saved.formal, saved.note = kind, lay, formal, note.strip()[:200]
        saved.updated_by_name = str(by.name)[:60]
        saved.save()
        record(
            "save_term",
            ("search.term", str(saved.pk), str(saved)[:120]),
            by=by,
            before=before,
            lay="、".join(lay),
            formal="、".join(formal),
        )
    return saved


def switch_term(term: Term, *, on: bool, by: Any) -> None:
    """Switch an entry off, or on again. Saying it twice changes nothing."""
    with transaction.atomic():
        changed = Term.objects.filter(pk=term.pk, is_active=not on)
        if changed.update(is_active=on, updated_by_name=str(by.name)[:60]):
            Term.objects.get(pk=term.pk).save(update_fields=["updated_at"])
            record(
                "switch_term",
                ("search.term", str(term.pk), str(term)[:120]),
                by=by,
                state=_("启用") if on else _("停用"),
            )


def install_terms() -> int:
    """Load the shipped entries; return how many are new. Entries that editors changed or switched off stay as they are."""
    known = set(Term.objects.exclude(shipped="").values_list("shipped", flat=True))
    new = {digest: term for digest, term in _shipped() if digest not in known}
    Term.objects.bulk_create(new.values(), batch_size=500)
    return len(new)


def _shipped() -> Iterator[tuple[str, Term]]:
    for path in sorted(DATA.glob("thesaurus*.toml")):
        kept = tomllib.loads(path.read_text(encoding="utf-8"))
        for row in kept.get("term", ()):
            yield _term(Term.Kind.SYNONYM, row["lay"], row["formal"], row.get("note", ""))
        for row in kept.get("scene", ()):
            yield _term(Term.Kind.SCENE, row["say"], row["formal"], row["name"])
        for row in kept.get("typo", ()):
            yield _term(Term.Kind.TYPO, [row["wrong"]], [row["right"]], "")


def _term(kind: str, lay: list[str], formal: list[str], note: str) -> tuple[str, Term]:
    digest = hashlib.blake2b(orjson.dumps([kind, lay, formal]), digest_size=16).hexdigest()
    return digest, Term(kind=kind, lay=lay, formal=formal, note=note[:200], shipped=digest)


def _cleaned(words: Iterable[str], longest: int = LONGEST) -> list[str]:
    return list(dict.fromkeys(word.strip()[:longest] for word in words if word.strip()))[:MOST]
