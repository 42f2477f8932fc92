"""Permits, and the pictures that are read into them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import IO, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.accounts.models import User
from anlan.audit.actions import record
from anlan.enterprises.actions.enterprises import edit_enterprise, lock, refuse_unless_editor
from anlan.enterprises.licences import same_text, understand
from anlan.enterprises.models import Enterprise, FileValue, Permit, Reading
from anlan.enterprises.ocr import is_available, read_picture
from anlan.files.actions import open_blob
from anlan.files.pictures import keep_picture
from anlan.lib.errors import Refused

LICENCE_FIELDS = ("name", "credit_code", "legal_person", "registered_address")
A_DAY = 100
"""Pictures that one person has read in a day: each costs seconds of the machine."""


def _verified(firm: Enterprise, by: User) -> dict[str, Any]:
    return (
        {"verified_by": by, "verified_at": timezone.now()}
        if firm.can_verify(by)
        else {"verified_by": None, "verified_at": None}
    )


@transaction.atomic
def add_permit(
    enterprise: Enterprise,
    values: dict[str, Any],
    *,
    by: User,
    replaces: Permit | None = None,
    reading: Reading | None = None,
) -> Permit:
    """Register a permit (name, number, issued_by, valid_from, until), with the picture of `reading` if it was read.

    The one that it `replaces` is withdrawn. A second tap, or the same name and number, finds the permit that is there.
    Raises `Refused`: 403 to outsiders, 409 when the reading was used or dropped already.
    """
    refuse_unless_editor(enterprise, by)
    firm = lock(enterprise)
    picture: dict[str, Any] = {}
    if reading is not None:
        _take(reading, Reading.State.USED)
        picture = {"photo": reading.shown, "original": reading.original}
    twin = next(
        (
            one
            for one in Permit.objects.held().filter(enterprise=firm, number=values["number"])
            if same_text(one.name, values["name"]) and (values["number"] or one.until == values["until"])
        ),
        None,
    )
    permit = twin or Permit(enterprise=firm)
    for name, value in {**values, **picture, **_verified(firm, by), "said_by": by}.items():
        setattr(permit, name, value)
    permit.save()
    if replaces is not None and replaces.enterprise_id == firm.pk and replaces != permit:
        Permit.objects.held().filter(pk=replaces.pk).update(withdrawn_on=timezone.localdate())
    if reading is not None:
        Reading.objects.filter(pk=reading.pk).update(permit=permit)
    record("add_permit", firm, by=by, region_code=firm.organisation.region_code, permit=str(permit))
    return permit


@transaction.atomic
def edit_permit(permit: Permit, values: dict[str, Any], *, by: User) -> None:
    """Correct a permit; it waits for the officer again, unless one corrects it. Raises `Refused` (403, 409 when withdrawn)."""
    refuse_unless_editor(permit.enterprise, by)
    moved = Permit.objects.held().filter(pk=permit.pk)
    if not moved.update(**values, **_verified(permit.enterprise, by), said_by=by, said_at=timezone.now()):
        raise Refused(gettext_lazy("这张证照已经收起，不能再改。"), code="withdrawn")
    region = permit.enterprise.organisation.region_code
    record("edit_permit", permit.enterprise, by=by, region_code=region, permit=values.get("name", permit.name))


@transaction.atomic
def withdraw_permit(permit: Permit, *, by: User) -> None:
    """Put a permit away that is replaced or no longer held; it stays readable. Raises `Refused` (403); twice is once."""
    refuse_unless_editor(permit.enterprise, by)
    if Permit.objects.held().filter(pk=permit.pk).update(withdrawn_on=timezone.localdate()):
        record(
            "withdraw_permit",
            permit.enterprise,
            by=by,
            region_code=permit.enterprise.organisation.region_code,
            permit=str(permit),
        )


def start_reading(enterprise: Enterprise, kind: str, content: IO[bytes], name: str, *, by: User) -> Reading:
    """Keep the photograph of a licence or permit and have it read by the worker.

    Where the extra `ocr` is not installed the reading is at once one to be typed from the picture. Raises `Refused`:
    403 to outsiders, 422 for what is no picture, 429 after a hundred in a day.
    """
    refuse_unless_editor(enterprise, by)
    since = timezone.now() - timedelta(days=1)
    if Reading.objects.filter(created_by=by, created_at__gt=since).count() >= A_DAY:
        raise Refused(gettext_lazy("今天识别的照片太多了，请明天再传，或直接填写。"), code="too_many", status=429)
    with transaction.atomic():
        picture = keep_picture(content, name, ("enterprise", str(enterprise.pk)), by.pk)
        able = is_available()
        return Reading.objects.create(
            enterprise=enterprise, kind=kind, original=picture.original, shown=picture.shown, created_by=by,
            state=Reading.State.RUNNING if able else Reading.State.UNREAD, beat_at=timezone.now(),
            problem="" if able else _("这台服务器没有安装文字识别，请照着照片填写。"),
        )  # fmt: skip


def read_reading(reading_id: int) -> None:
    """Read the picture and keep what was understood. Again from the beginning when it broke off; harmless twice."""
    reading = Reading.objects.select_related("shown").get(pk=reading_id)
    if reading.state != Reading.State.RUNNING:
        return
    Reading.objects.filter(pk=reading_id).update(beat_at=timezone.now())
    with open_blob(reading.shown) as content:
        lines = read_picture(content.read())
    fields = understand(lines, today=timezone.localdate())
    state, problem = (
        (Reading.State.READ, "")
        if fields
        else (Reading.State.UNREAD, _("照片上没有认出文字。可能太暗、太斜或太糊，请重拍，或照着照片填写。"))
    )
    Reading.objects.filter(pk=reading_id, state=Reading.State.RUNNING).update(
        state=state, fields=fields, lines=lines, problem=problem, beat_at=timezone.now()
    )


def fail_reading(reading_id: int) -> None:
    """Leave a reading that broke to the person."""
    Reading.objects.filter(pk=reading_id, state=Reading.State.RUNNING).update(
        state=Reading.State.UNREAD, problem=_("识别中断了，照片还在。请照着照片填写。")
    )


def _take(reading: Reading, state: str) -> None:
    open_states = (Reading.State.READ, Reading.State.UNREAD)
    if not Reading.objects.filter(pk=reading.pk, state__in=open_states).update(state=state):
        raise Refused(gettext_lazy("这张照片已经处理过了。"), code="used")


@transaction.atomic
def confirm_licence(reading: Reading, values: dict[str, Any], *, by: User, seen: datetime) -> list[str]:
    """Write what a person confirmed beside the business licence into the file, source `ocr`; return the changed fields.

    Raises `Refused` as `edit_enterprise` does, and 409 when the picture was used already: then nothing is written.
    """
    refuse_unless_editor(reading.enterprise, by)
    _take(reading, Reading.State.USED)
    mine = {name: values[name] for name in LICENCE_FIELDS}
    return edit_enterprise(reading.enterprise, mine, by=by, seen=seen, source=FileValue.Source.OCR)


@transaction.atomic
def drop_reading(reading: Reading, *, by: User) -> None:
    """Give a picture up. Raises `Refused` (403, 409)."""
    refuse_unless_editor(reading.enterprise, by)
    _take(reading, Reading.State.DROPPED)


def mismatches(firm: Enterprise, fields: dict[str, str]) -> Iterable[tuple[str, str, str]]:
    """(field, what the picture says, what the file says) where the holder on the picture is not the firm of the file."""
    for name, there in (
        ("name", firm.organisation.name),
        ("credit_code", firm.organisation.credit_code or ""),
        ("legal_person", firm.legal_person),
    ):
        said = fields.get(name, "")
        if said and there and not same_text(said, there):
            yield name, said, there
