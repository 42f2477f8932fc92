"""How this app puts a message into an inbox, though the inbox stands above it: `notifications` hands its verb down at start."""

from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from anlan.lib.errors import Text


class Tell(Protocol):
    """The shape of `notifications.actions.notify`."""

    def __call__(
        self, users: Iterable[Any], kind: str, title: Text, *, key: str, text: Text = "", url: str = ""
    ) -> int:
        """Put a message into inboxes; return how many are new."""


TELLERS: Final[list[Tell]] = []
TAKERS_BACK: Final[list[Callable[[Iterable[str]], int]]] = []


def tell(users: Iterable[Any], kind: str, title: Text, *, key: str, text: Text = "", url: str = "") -> int:
    """Put a message into inboxes, in the caller's transaction; the same key never reaches a person twice."""
    people = list(users)
    return sum(teller(people, kind, title, key=key, text=text, url=url) for teller in TELLERS) if people else 0


def take_back(keys: Iterable[str]) -> int:
    """Take back unread messages whose reason is gone."""
    named = list(keys)
    return sum(taker(named) for taker in TAKERS_BACK)
