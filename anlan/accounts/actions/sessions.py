"""Sessions that carry a mark: which sign-in belongs to which phone, so that the phone can be shut out."""

from typing import Any

from allauth.usersessions.models import UserSession

from anlan.accounts.models import User


def end_sessions(user: User, mark: str, values: set[str]) -> int:
    """End the sessions of `user` whose data holds one of `values` under the key `mark`; return how many. A person has few."""
    ended = 0
    for session in UserSession.objects.filter(user=user):
        store: Any = session._session_store(session.session_key)
        if store.get(mark) in values:
            session.end()
            ended += 1
    return ended
