"""A text column that is encrypted at rest and plain in Python."""

from typing import Any, NoReturn

from django.core import checks
from django.core.exceptions import FieldError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from anlan.lib import crypto

__all__ = ["EncryptedTextField", "needs_rotation"]


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]  # Django's fields take no parameters at run time
    """Text sealed by `lib.crypto` for this model and field; it can be searched only through a blind index beside it.

    Loading and saving are transparent, in bulk too. Lookups except `isnull` raise `FieldError`: equal texts have
    different ciphertexts, so such a query would find nothing and not say so. After renaming the model or the field,
    pass the old name as `bound_to="app.Model.field"`: stored values are bound to it.
    """

    def __init__(self, *args: Any, bound_to: str = "", **kwargs: Any) -> None:
        self.bound_to = bound_to
        super().__init__(*args, **kwargs)

    @property
    def aad(self) -> str:
        return self.bound_to or f"{self.model._meta.label}.{self.name}"

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "bound_to": self.bound_to} if self.bound_to else kwargs

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        found = super().check(**kwargs)
        if self.unique or getattr(self, "db_index", False):
            found.append(
                checks.Error(
                    "an encrypted field can be neither unique nor indexed",
                    hint="put the constraint on a blind index beside it",
                    obj=self,
                    id="anlan.E001",
                )
            )
        return found

    # Sealed at the last step before the database, which inserts, updates, bulk writes and defaults all pass.
    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        value = super().get_db_prep_value(value, connection, prepared)
        return None if value is None else crypto.encrypt(value, self.aad)

    def from_db_value(self, value: str | None, expression: object, connection: BaseDatabaseWrapper) -> str | None:
        return None if value is None else crypto.decrypt(value, self.aad)

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup("isnull") if lookup_name == "isnull" else self._refuse(lookup_name)

    def get_transform(self, lookup_name: str) -> Any:
        self._refuse(lookup_name)

    def _refuse(self, lookup_name: str) -> NoReturn:
        raise FieldError(
            f"{self.aad} is encrypted: it cannot be looked up by {lookup_name!r}, only by isnull; "
            "compare a blind index instead"
        )


def needs_rotation(value: str) -> bool:
    """Whether a stored value should be written again (old key or cipher).

    Takes the column as stored, which `.annotate(stored=Cast("field", models.TextField()))` reads; saving the
    object seals it under the current key.
    """
    return crypto.needs_rotation(value)
