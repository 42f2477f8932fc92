"""Writing a letter and following it: without an account, without a puzzle, within limits."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from anlan.accounts.models import User
from anlan.content.deadlines import stage_due
from anlan.content.models import Letter
from anlan.lib.context import client_address
from anlan.lib.crypto import blind_index
from anlan.lib.errors import Refused

DAYS: Final = 5
"""Working days until a letter must be answered."""
AN_HOUR: Final = 6
A_DAY: Final = 20
"""Letters of one network address."""
TRIES: Final = (20, 600)
"""Wrong receipts of one address, within seconds."""
_LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE: Final = 10


@transaction.atomic
def write_letter(
    *, kind: str, text: str, about: str = "", quote: str = "", source: str = "", by: User | None = None
) -> tuple[Letter, str]:
    """Keep a reader's letter; return it with the code of its receipt, which is kept nowhere else.

    `about`: path of the page it speaks of. Raises `Refused`: 429 too many from this address, 422 empty or too long.
    """
    text = text.strip()
    if kind not in Letter.Kind.values or not text:
        raise Refused(_("请写几个字，说说是什么问题。"), code="empty", status=422, field="text")
    if len(text) > Letter.MOST:
        raise Refused(
            _("最多 %(n)d 个字，您写的还在下面。") % {"n": Letter.MOST}, code="too_long", status=422, field="text"
        )
    now = timezone.now()
    sender = blind_index("letter", f"{timezone.localdate(now)} {client_address.get()}")
    mine = Letter.objects.filter(sender=sender)
    if mine.filter(created_at__gt=now - timedelta(hours=1)).count() >= AN_HOUR or mine.count() >= A_DAY:
        raise Refused(
            _("这个网络一小时内写来的信太多了，请过一小时再写。您写的还在下面。"),
            code="too_often",
            status=429,
            field="text",
        )
    code = "".join(secrets.choice(_LETTERS) for _n in range(CODE))
    letter = Letter(
        kind=kind, text=text, about=inside(about), quote=quote.strip()[:500], source=source.strip()[:300], writer=by,
        sender=sender, language=get_language() or "", secret=hashed(code), due_at=stage_due(now, DAYS),
    )  # fmt: skip
    for _attempt in range(20):
        letter.number = _next_number()
        try:
            with transaction.atomic():
                letter.save(force_insert=True)
            return letter, code
        except IntegrityError:  # another letter took the number
            continue
    raise Refused(_("现在写信的人太多，请过一分钟再交。您写的还在下面。"), code="busy", status=503)


def _next_number() -> str:
    start = f"L{timezone.localdate():%Y%m%d}-"
    last = Letter.objects.filter(number__startswith=start).order_by("-number").values_list("number", flat=True).first()
    return f"{start}{int(last[len(start) :]) + 1 if last else 1:04d}"


def inside(path: str) -> str:
    """A path of this site, empty for everything else."""
    path = path.strip()
    fits = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and len(path) <= 300
    return path if fits else ""


def hashed(code: str) -> str:
    """SHA-256 of a receipt's code, however it was typed."""
    return hashlib.sha256(code.strip().upper().replace("-", "").replace(" ", "").encode()).hexdigest()


def read_receipt(number: str, code: str) -> Letter:
    """The letter of a receipt. Raises `Refused`: 404 no such pair (which of the two is wrong is not said), 429 too many tries."""
    key = f"letters:miss:{client_address.get()}"
    times, seconds = TRIES
    if cache.get(key, 0) >= times:
        raise Refused(_("试的次数太多了，请 10 分钟后再查。"), code="too_often", status=429)
    letter = Letter.objects.filter(number=number.strip().upper()).first()
    if letter is None or not secrets.compare_digest(letter.secret, hashed(code)):
        cache.add(key, 0, seconds)
        try:
            cache.incr(key)
        except ValueError:
            cache.set(key, 1, seconds)
        raise Refused(_("编号和查询码对不上。请照回执再填一次。"), code="no_such_letter", status=404, field="code")
    return letter
