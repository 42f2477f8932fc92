"""What the phone talks to: who am I, register, take along, hand in, photos, what do you hold. JSON both ways."""

from __future__ import annotations

import json
import uuid
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from anlan.accounts import powers
from anlan.accounts.models import User
from anlan.hazards.models import Device, Operation, PhotoUpload
from anlan.hazards.sync import protocol, taking, uploads
from anlan.hazards.sync.bundle import pack
from anlan.hazards.sync.deciding import SESSION_MARK
from anlan.lib.asked import number
from anlan.lib.codes import mask_name
from anlan.lib.crypto import blind_index
from anlan.lib.errors import Refused

MOST_A_MINUTE: Final = 6000
"""Requests of one person: a thousand photos in pieces pass within minutes, a loop gone wild does not."""
MOST_NAMED: Final = 5000


@never_cache
@login_not_required
@require_GET
def hello(request: HttpRequest) -> JsonResponse:
    """Who is signed in, in which post, and the token for writing. `vault` names the store on the phone: then also the server's
    half of the key that its records are encrypted with, so that they open for their owner only while signed in; a phone
    that was reported lost gets none, whether it names its `device` or only its store. The session remembers the store:
    turning the phone off ends it."""
    user = request.user
    if not isinstance(user, User):
        return JsonResponse({"signed_in": False, "now": _now()})
    answer: dict[str, Any] = {
        "signed_in": True, "owner": blind_index("patrol.owner", str(user.pk)), "name": mask_name(user.name), "csrf": get_token(request),
        "now": _now(), "elder": request.COOKIES.get("elder") == "on", "post": user.post.pk if user.post else 0,
        "scope": user.post.scope_name if user.post else "", "may": user.may(powers.INSPECT),
    }  # fmt: skip
    vault, device = _uuid(request.GET.get("vault")), _uuid(request.GET.get("device"))
    answer["revoked"] = taking.is_turned_off(user, uid=device, vault=vault)
    if vault is not None and not answer["revoked"]:
        answer["half"] = blind_index("patrol.half", f"{vault}:{user.pk}")
        if request.session.get(SESSION_MARK) != str(vault):
            request.session[SESSION_MARK] = str(vault)
    return JsonResponse(answer)


@require_POST
def register(request: HttpRequest) -> JsonResponse:
    """Make this phone known by its public key."""
    user = _user(request)
    if not user.may(powers.INSPECT):
        raise Refused(_("您现在的身份不能检查企业。"), code="forbidden", status=403)
    body = _read(request)
    uid = _uuid(body.get("uid"))
    if uid is None:
        raise Refused(_("这台设备的编号读不出来。"), code="bad_json", status=422)
    device = taking.register_device(
        uid=uid, jwk=body.get("key", {}), name=_device_name(request), by=user, vault=_uuid(body.get("vault"))
    )
    return JsonResponse({"uid": str(device.uid), "sequence": device.sequence, "head": device.head})


@never_cache
@require_GET
def tasks(request: HttpRequest) -> JsonResponse:
    """The due tasks of this post, to take along."""
    user = _user(request)
    if not user.may(powers.INSPECT):
        raise Refused(_("您现在的身份不能检查企业。"), code="forbidden", status=403)
    return JsonResponse(pack(user))


@require_POST
def operations(request: HttpRequest) -> JsonResponse:
    """Hand in entries of the log; each is answered with what became of it. Entries known before answer the same again."""
    body, user = _read(request), _user(request)
    device = _device(body.get("device"), user)
    given = body.get("operations")
    if not isinstance(given, list) or len(given) > protocol.MAX_ENTRIES or not all(_is_parcel(one) for one in given):
        raise Refused(_("一次最多传 %(n)d 条记录。") % {"n": protocol.MAX_ENTRIES}, code="bad_json", status=422)
    parcels = [taking.Parcel(one["text"], one["signature"]) for one in given]
    taken = taking.take(device, parcels, by=user, clock_error=taking.clock_error_of(body.get("now")))
    device.refresh_from_db()
    outcomes = [{"hash": one.hash, "outcome": one.outcome, "code": one.code, "because": one.because} for one in taken]
    return JsonResponse(
        {
            "outcomes": outcomes,
            "sequence": device.sequence,
            "head": device.head,
            "clock_error": device.clock_error,
            "now": _now(),
        }
    )


@require_http_methods(["GET", "POST"])
def photo(request: HttpRequest, client_id: uuid.UUID) -> JsonResponse:
    """How far a photo has come; or the next piece of it, from `offset` on."""
    user = _user(request)
    upload = get_object_or_404(PhotoUpload.objects.select_related("device"), client_id=client_id, device__user=user)
    if request.method == "GET":
        return JsonResponse(_state(upload))
    _limit(user)
    offset = number(request.GET.get("offset"))
    try:
        upload = uploads.receive_piece(upload, offset or 0, request.body, by=user)
    except Refused as refused:
        if refused.code == "photo_hash":
            uploads.restart_if_broken(upload)
        upload.refresh_from_db()
        state = _state(upload) | {"code": refused.code, "message": str(refused.message)}
        return JsonResponse(state, status=refused.status)
    return JsonResponse(_state(upload))


@require_POST
def have(request: HttpRequest) -> JsonResponse:
    """Which of these entries and photos the server holds for good: only those may a device forget."""
    body, user = _read(request), _user(request)
    device = _device(body.get("device"), user)
    hashes, photos = _strings(body.get("operations")), _strings(body.get("photos"))
    held = Operation.objects.filter(device=device, hash__in=hashes).values_list("hash", flat=True)
    ids = [uid for uid in map(_uuid, photos) if uid is not None]
    whole = PhotoUpload.objects.filter(device=device, client_id__in=ids, done_at__isnull=False, blob__isnull=False)
    return JsonResponse(
        {"operations": list(held), "photos": {str(pk): sha for pk, sha in whole.values_list("client_id", "sha256")}}
    )


def _state(upload: PhotoUpload) -> dict[str, Any]:
    return {"received": upload.received, "size": upload.size, "done": upload.done_at is not None}


def _now() -> int:
    return int(timezone.now().timestamp() * 1000)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 — the middleware lets nobody else in
    return request.user


def _read(request: HttpRequest) -> dict[str, Any]:
    _limit(_user(request))
    try:
        body = json.loads(request.body)
    except (UnicodeDecodeError, ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused(_("没有读懂手机传来的内容，什么都没有改。手机里的记录都在。"), code="bad_json", status=422)
    return body


def _limit(user: User) -> None:
    key = f"patrol-sync:{user.pk}:{timezone.now():%H%M}"
    cache.add(key, 0, 120)
    if cache.incr(key) > MOST_A_MINUTE:
        raise Refused(_("传得太频繁，过一分钟会自动再传。手机里的记录都在。"), code="rate_limited", status=429)


def _device(value: object, user: User) -> Device:
    uid = _uuid(value)
    device = Device.objects.filter(uid=uid, user=user).first() if uid else None
    if device is None:
        raise Refused(_("没有找到这台设备，请重新打开巡查页。手机里的记录都在。"), code="device_unknown", status=404)
    return device


def _device_name(request: HttpRequest) -> str:
    agent = request.headers.get("User-Agent", "")
    kinds = (("iPhone", "iPhone"), ("iPad", "iPad"), ("HarmonyOS", _("鸿蒙手机")), ("Android", _("安卓手机")))
    return next((str(word) for mark, word in kinds if mark in agent), _("电脑"))


def _is_parcel(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("text"), str) and isinstance(value.get("signature"), str)


def _strings(value: object) -> list[str]:
    found = [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
    if len(found) > MOST_NAMED:
        raise Refused(_("一次最多问 %(n)d 条。") % {"n": MOST_NAMED}, code="bad_json", status=422)
    return found


def _uuid(value: object) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(value)) if value else None
    except ValueError:
        return None
