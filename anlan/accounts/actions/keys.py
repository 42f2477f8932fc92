"""Writing encrypted values again under the current key."""

from collections.abc import Callable, Iterator

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import models, transaction
from django.db.models.functions import Cast

from anlan.audit.actions import record
from anlan.lib import crypto
from anlan.lib.fields import EncryptedTextField

MFA_PLACE = "mfa.Authenticator.data"
MFA_NAMES = ("secret", "seed")


def encrypted_fields() -> Iterator[tuple[type[models.Model], EncryptedTextField]]:
    """Every encrypted column of every app."""
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, EncryptedTextField):
                yield model, field


def rotate_keys(*, batch: int = 500, tell: Callable[[str, int], None] = lambda place, n: None) -> int:
    """Seal all values of old keys again under the current one; return how many. Blind indexes do not depend on these keys.

    Each batch commits by itself and asks only for what is left, so it can be stopped and started again at any time, and
    run while people work: a value that changed in the meantime is left to its newer writer.
    """
    total = 0
    for model, field in encrypted_fields():
        n = _rotate(model, field, batch)
        tell(field.aad, n)
        total += n
    n = _rotate_authenticators()
    tell(MFA_PLACE, n)
    if total + n:
        record("rotate_keys", ("accounts.user", "", "加密字段"), by=None, count=total + n)
    return total + n


def _rotate(model: type[models.Model], field: EncryptedTextField, batch: int) -> int:
    current = f"{crypto.FORMS[crypto.ring().cipher]}.{crypto.ring().current}."
    stored = model._default_manager.annotate(stored=Cast(field.name, models.TextField()))
    done, after = 0, None
    while True:
        left = stored.exclude(stored__startswith=current).filter(stored__isnull=False).order_by("pk")
        rows = list((left.filter(pk__gt=after) if after is not None else left).values_list("pk", "stored")[:batch])
        if not rows:
            return done
        with transaction.atomic():
            for pk, old in rows:
                text = crypto.decrypt(old, field.aad)
                done += stored.filter(pk=pk, stored=old).update(**{field.name: text})
        after = rows[-1][0]


def _rotate_authenticators() -> int:
    done = 0
    for pk in list(Authenticator.objects.values_list("pk", flat=True)):
        with transaction.atomic():
            one = Authenticator.objects.select_for_update().filter(pk=pk).first()
            old = [
                name
                for name in MFA_NAMES
                if one and crypto.needs_rotation(str(one.data.get(name) or "")) and one.data.get(name)
            ]
            if one is None or not old:
                continue
            for name in old:
                one.data[name] = crypto.encrypt(crypto.decrypt(one.data[name], MFA_PLACE), MFA_PLACE)
            one.save(update_fields=["data"])
            done += 1
    return done
