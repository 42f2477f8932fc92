"""The hash chain over audit records: what is hashed, and where a chain breaks. Pure; knows no database.

digest = SHA-256 over the canonical JSON of the row (keys sorted, no spaces, UTF-8) with `previous`, the digest of the
row before it. Anyone with an export can recompute it with a few lines in any language.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from anlan.audit.models import Record

FIELDS: Final = (
    "id", "actor_id", "actor_name", "actor_post", "verb", "subject_kind", "subject_id", "subject_name", "region_code",
    "detail", "address", "position", "previous",
)  # fmt: skip
"""The columns under the digest, beside the moment `at` (UTC, microseconds)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found: `checked` rows in order from 1; `position` is the first broken one, 0 when none."""

    checked: int
    position: int = 0
    why: str | Promise = ""

    @property
    def intact(self) -> bool:
        """Whether nothing was changed, removed or added."""
        return self.position == 0


def canonical(record: "Record") -> dict[str, Any]:
    """Return the hashed content of a record as plain JSON values."""
    row = {name: getattr(record, name) for name in FIELDS}
    return {**row, "at": record.at.astimezone(UTC).isoformat(timespec="microseconds")}


def digest(row: dict[str, Any]) -> str:
    """Return the digest of a canonical row: 64 hex characters."""
    text = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def walk(records: Iterable["Record"], *, head_position: int, head_digest: str) -> Verdict:
    """Return the first break in `records` (ordered by position), which must end at the head."""
    checked, previous = 0, ""
    for record in records:
        expected = checked + 1
        if record.position != expected:
            return Verdict(checked, expected, format_lazy(_("第 {n} 条不见了。"), n=expected))
        if record.previous != previous:
            return Verdict(checked, expected, format_lazy(_("第 {n} 条与前一条接不上。"), n=expected))
        if record.digest != digest(canonical(record)):
            return Verdict(checked, expected, format_lazy(_("第 {n} 条的内容被改过。"), n=expected))
        checked, previous = expected, record.digest
    if (checked, previous) != (head_position, head_digest):
        n = min(checked, head_position) + 1
        return Verdict(
            checked, n, format_lazy(_("链尾对不上：封存到第 {head} 条，现有 {n} 条。"), head=head_position, n=checked)
        )
    return Verdict(checked)
