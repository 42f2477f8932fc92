"""What a person must do and by when: the shape that every app's `due_for(user)` returns."""

from dataclasses import dataclass
from datetime import datetime

from anlan.lib.errors import Text


@dataclass(frozen=True, slots=True)
class Due:
    """One thing to do. `at` is the deadline (aware), None when there is none; `url` leads to the one action."""

    title: Text
    reason: Text
    action: Text
    url: str
    icon: str
    at: datetime | None = None
    count: int = 1
