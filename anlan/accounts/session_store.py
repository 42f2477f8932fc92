"""Sessions in the database, read on every page: the same rows as Django's, found by SQL that is made once."""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as Stored
from django.db import models
from django.utils import timezone

from anlan.lib.prepared import Prepared

_live: Prepared[Any] = Prepared(
    lambda key, now: SessionStore.get_model_class().objects.filter(session_key=key, expire_date__gt=now),
    key=models.CharField(),
    now=models.DateTimeField(),
)


class SessionStore(Stored):
    """Django's own store but for how the row is found."""

    def _get_session_from_db(self) -> Any:
        found = _live.first(key=self.session_key, now=timezone.now()) if self.session_key else None
        if found is None:
            self._session_key = None
        return found
