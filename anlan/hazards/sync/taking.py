"""Take the entries of a device's log: each exactly once, in the order of its chain, doubtful ones set aside with the reason.

Whatever order and however often entries arrive, the same ones take effect: an entry that comes too early waits as a `gap` and
takes effect as soon as what lies before it has come.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DataError, IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.hazards.models import Device, Inspection, Operation
from anlan.hazards.sync import protocol, uploads
from anlan.hazards.sync.applying import apply
from anlan.hazards.sync.doubts import tell_of_doubt
from anlan.lib.errors import Refused

Outcome = Operation.Outcome
UNLINKED: Final = frozenset({"malformed", "device", "signature", "fork", "gap", "chain"})
"""Doubts of the log itself: such an entry is kept and is not part of the chain."""
HOLDS: Final = frozenset({"territory", "post", "revoked", "task", "cancelled", "follows"})
"""Doubts that hold back what comes after in the same inspection."""
NOWHERE: Final = uuid.UUID(int=0)
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Parcel:
    """An entry as it came: the signed text and its signature in base64."""

    text: str
    signature: str


def take(device: Device, parcels: Iterable[Parcel], *, by: User, clock_error: timedelta) -> list[Operation]:
    """Take entries of `device`, which is `by`'s own. Each commits alone: what was taken before a failure stays taken.

    `clock_error` is how far the device's clock was ahead of the server's when it sent them. Returns the entries with their
    outcome, those known before included. Raises `Refused` (404) when the device is somebody else's.
    """
    if device.user_id != by.pk:
        raise Refused(_("没有找到这台设备。"), code="not_found", status=404)
    taken = [_take_one(device.pk, parcel, clock_error) for parcel in parcels]
    Device.objects.filter(pk=device.pk).update(
        seen_at=timezone.now(), clock_error=_bounded(round(clock_error.total_seconds()))
    )
    return taken


@transaction.atomic
def _take_one(device_id: int, parcel: Parcel, clock_error: timedelta) -> Operation:
    device = Device.objects.select_for_update().get(pk=device_id)
    digest = protocol.digest(parcel.text)
    known = Operation.objects.filter(device=device, hash=digest).first()
    try:
        key = protocol.public_key(device.key)
        signed = protocol.is_signed(parcel.text, parcel.signature, key)
    except protocol.Malformed:
        signed = False
    if known is not None:
        if known.code != "signature" or not signed:
            return known
        known.delete()  # it came damaged and now comes whole: nothing of it had taken effect
    try:
        entry = protocol.parse(parcel.text)
    except protocol.Malformed:
        return _keep_unread(device, digest, parcel, clock_error)
    place = _place(device, entry, signed)
    operation = _write(device, entry, parcel.signature, clock_error, place)
    if place[0] not in UNLINKED:
        _link(device, operation)
        _judge(operation, entry)
        _heal(device, clock_error)
    else:
        _announce(operation, entry, signed)
        tell_of_doubt(operation)
    return operation


def _place(device: Device, entry: protocol.Entry, signed: bool) -> Place:
    """Where an entry stands to the chain: ("", "") when it is the next link."""
    if entry.device != device.uid:
        return "device", _("这条记录来自另一台设备。")
    if not signed:
        return "signature", _("签名对不上，内容可能被改过。")
    if entry.seq <= device.sequence:
        return "fork", _("同一序号已有另一条记录。")
    if entry.seq > device.sequence + 1:
        return "gap", _("前面缺 %(n)d 条记录，补齐后自动生效。") % {"n": entry.seq - device.sequence - 1}
    if entry.prev != device.head:
        return "chain", _("与前一条记录接不上。")
    return "", ""


def _write(device: Device, entry: protocol.Entry, signature: str, clock_error: timedelta, place: Place) -> Operation:
    at, doubt = _clock(device, entry.at, clock_error)
    return Operation.objects.create(
        device=device, client_id=entry.id, task=entry.task, sequence=entry.seq, previous=entry.prev, hash=entry.hash,
        signature=signature[:200], kind=entry.kind, body=entry.body, done_at=entry.at, at=at, clock_doubt=doubt,
        clock_error=_bounded(round(clock_error.total_seconds())), inspection=Inspection.objects.filter(uid=entry.task).first(),
        outcome=Outcome.QUARANTINED, code=place[0], because=place[1],
    )  # fmt: skip


def _clock(device: Device, said: datetime, clock_error: timedelta) -> tuple[datetime, bool]:
    last = Operation.objects.filter(device=device, sequence=device.sequence).exclude(code__in=UNLINKED).first()
    return protocol.true_time(said, clock_error=clock_error, after=last.at if last else None, now=timezone.now())


def _keep_unread(device: Device, digest: str, parcel: Parcel, clock_error: timedelta) -> Operation:
    """Keep what cannot be read as an entry, as text, for a person to look at."""
    text = parcel.text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")[: protocol.MAX_TEXT]
    now = timezone.now()
    operation = Operation.objects.create(
        device=device, client_id=uuid.uuid4(), task=NOWHERE, sequence=0, hash=digest, signature=parcel.signature[:200].replace("\0", ""),
        kind="unread", body={"text": text}, done_at=now, at=now, clock_error=_bounded(round(clock_error.total_seconds())),
        outcome=Outcome.QUARANTINED, code="malformed", because=_("这条记录读不出来。"),
    )  # fmt: skip
    tell_of_doubt(operation)
    return operation


def _link(device: Device, operation: Operation) -> None:
    device.head, device.sequence = operation.hash, operation.sequence
    device.save(update_fields=["head", "sequence"])


def _heal(device: Device, clock_error: timedelta) -> None:
    """Let what waited for the entry just linked take effect."""
    while waiting := Operation.objects.filter(
        device=device, sequence=device.sequence + 1, previous=device.head, code="gap", decision=""
    ).first():
        waiting.at, waiting.clock_doubt = _clock(device, waiting.done_at, timedelta(seconds=waiting.clock_error))
        _link(device, waiting)
        _judge(waiting, as_entry(waiting))


def as_entry(operation: Operation) -> protocol.Entry:
    """An entry that was kept, read again: the text is a function of what was stored."""
    return protocol.Entry(
        "", operation.hash, operation.client_id, operation.device.uid, operation.sequence, operation.previous,
        operation.kind, operation.task, operation.done_at, operation.body,
    )  # fmt: skip


def _judge(operation: Operation, entry: protocol.Entry) -> None:
    """Let a linked entry take effect, or say why not."""
    operation.code, operation.because = _standing(operation)
    _announce(operation, entry, signed=True)
    if not operation.code:
        take_effect(operation, entry, by=actor(operation))
    operation.save()
    if operation.outcome == Outcome.QUARANTINED:
        tell_of_doubt(operation)


def take_effect(operation: Operation, entry: protocol.Entry, *, by: User) -> None:
    """Do what the entry says, as `by`; leaves outcome and reason on the operation, which the caller saves."""
    try:
        with transaction.atomic():
            operation.outcome, operation.because = apply(operation, entry, by=by)
            operation.code = ""
            operation.save()
            for upload in operation.uploads.all():
                uploads.bind_if_ready(upload)
    except Refused as refused:
        operation.outcome, operation.code = Outcome.QUARANTINED, "rule"
        operation.because = str(refused.message)[:300]
    except (
        ArithmeticError, AttributeError, DataError, IntegrityError, LookupError, ObjectDoesNotExist, TypeError, ValidationError, ValueError,
    ):  # fmt: skip
        operation.outcome, operation.code = Outcome.QUARANTINED, "content"
        operation.because = _("内容不完整，没有生效。")


def actor(operation: Operation) -> User:
    """The officer, acting in the post of the device."""
    user = operation.device.user
    user.post = operation.device.post
    return user


def _standing(operation: Operation) -> Place:
    """Whether the officer may still do this there: ("", "") or the doubt."""
    device = operation.device
    if device.revoked_at is not None:
        return "revoked", _("这台设备已停用。")
    if device.post.until is not None:
        return "post", _("记录所用的身份（%(post)s）已经结束。") % {"post": device.post}
    if not actor(operation).may(powers.INSPECT):
        return "post", _("记录所用的身份不能检查企业。")
    earlier = Operation.objects.in_doubt().filter(device=device, task=operation.task, code__in=HOLDS)
    if earlier.filter(sequence__lt=operation.sequence).exists():
        return "follows", _("同一次检查前面的记录还没有决定。")
    inspection = operation.inspection
    if inspection is None:
        return "task", _("平台上没有这次检查。")
    if not Inspection.objects.visible_to(actor(operation)).filter(pk=inspection.pk).exists():
        return "territory", _("企业不在检查人的辖区。")
    if inspection.state == Inspection.State.CANCELLED:
        return "cancelled", _("这次检查已被取消。")
    return "", ""


def _announce(operation: Operation, entry: protocol.Entry, signed: bool) -> None:
    if operation.kind != "photo" or not signed or operation.code == "device":
        return
    try:
        with transaction.atomic():
            uploads.announce(operation, entry)
    except Refused as refused:
        operation.code, operation.because = operation.code or "content", str(refused.message)[:300]
        operation.save(update_fields=["code", "because"])


def register_device(
    *, uid: uuid.UUID, jwk: dict[str, Any], name: str, by: User, vault: uuid.UUID | None = None
) -> Device:
    """Make a phone known by its public key, for the post acted in. Registering the same phone again is no error.

    `vault` names the store on the phone that this key lies in. Raises `Refused`: no post that inspects (403), no usable
    key (422), the id or key is another's (409), the phone was turned off (409).
    """
    if by.post is None or not by.may(powers.INSPECT):
        raise Refused(_("您现在的身份不能检查企业。"), code="forbidden", status=403)
    try:
        protocol.public_key(jwk)
    except protocol.Malformed:
        raise Refused(_("这台设备的密钥不能用，请换一个浏览器。"), code="key", status=422) from None
    if is_turned_off(by, vault=vault):
        raise Refused(_("这台手机已停用。"), code="revoked")
    key = protocol.canonical({part: jwk[part] for part in ("crv", "kty", "x", "y")})
    with transaction.atomic():
        device, made = Device.objects.get_or_create(
            uid=uid, defaults={"user": by, "post": by.post, "name": name[:120], "public_key": key, "vault": vault}
        )
        if device.user_id != by.pk or device.public_key != key or device.post_id != by.post.pk:
            raise Refused(_("这台设备登记的是别人或别的身份。"), code="device", status=409)
        if made:
            record("register_device", device, by=by, region_code=by.post.region_code)
    return device


def is_turned_off(user: User, *, uid: uuid.UUID | None = None, vault: uuid.UUID | None = None) -> bool:
    """Whether the phone of this person with this device, or this store, was reported lost."""
    named = Q(uid=uid) if uid else Q()
    if vault:
        named |= Q(vault=vault)
    return bool(named) and Device.objects.filter(named, user=user, revoked_at__isnull=False).exists()


def _bounded(seconds: int) -> int:
    """A clock may be off by more than the column holds."""
    return max(-(2**31), min(seconds, 2**31 - 1))


def clock_error_of(device_now: object) -> timedelta:
    """How far a device that says it is `device_now` (milliseconds since 1970) is ahead; none when it says nothing that can be."""
    if not isinstance(device_now, int) or isinstance(device_now, bool) or not 0 <= device_now < 2**50:
        return timedelta()
    try:
        return datetime.fromtimestamp(device_now / 1000, UTC) - timezone.now()
    except (OverflowError, OSError, ValueError):
        return timedelta()
