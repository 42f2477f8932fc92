"""Periodic work for subscribers."""

from __future__ import annotations

from anlan.content.subscriptions.law_news import tell_law as _tell_law
from anlan.content.subscriptions.sending import forget_unconfirmed, send_digests, send_letters
from anlan.content.subscriptions.tell import tell_missed


def tell_due() -> int:
    """Make up what was not told, and send visitors their letters; return how many letters. Runs every few seconds."""
    tell_missed()
    return send_letters()


def tell_law() -> int:
    """Announce what changed in the law. Runs every five minutes."""
    return _tell_law()


def digest() -> int:
    """Digests in the morning, then forget who never confirmed. Runs once a day."""
    done = send_digests()
    forget_unconfirmed()
    return done
