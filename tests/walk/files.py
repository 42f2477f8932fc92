"""The enterprise's file: permits, pictures, chemicals, equipment, spending, custom fields, the code at the door."""

import io
from typing import Any

from django.utils import timezone
from PIL import Image

from anlan.enterprises.door import token_of
from anlan.enterprises.models import (
    Chemical,
    CustomField,
    Equipment,
    FileValue,
    FirmPhoto,
    Mandate,
    Permit,
    Reading,
    Spending,
)
from anlan.files.pictures import keep_picture
from anlan.operations.demo.cast import Cast
from tests.walk.people import EVERYONE, FIRM, FIRMS, TERRITORY

OFFICERS = TERRITORY - {"province", "city"}
READERS = TERRITORY | FIRM | {"agency", "engineer", "association"}
WRITERS = OFFICERS | FIRM | {"agency", "engineer"}
RULES = frozenset({"province", "city", "county", "deputy", "other_county", "other_city"})
INSPECTORS = OFFICERS | {"other_county", "other_grid"}

ALLOWED = {
    "enterprises:spending": ("GET", "", FIRMS),
    "enterprises:new": ("GET", "", INSPECTORS),
    "enterprises:fields": ("GET", "", RULES),
    "enterprises:field-new": ("GET", "", RULES),
    "enterprises:field": ("GET", "custom_field", frozenset({"province", "city", "county", "deputy"})),
    "enterprises:field-step": ("POST", "custom_field_step", frozenset({"province", "city", "county", "deputy"})),
    "enterprises:edit-group": ("GET", "file_group", WRITERS),
    "enterprises:stand": ("POST", "file_value", WRITERS),
    "enterprises:verify": ("GET", "file_firm", OFFICERS),
    "enterprises:permits": ("GET", "file_firm", READERS),
    "enterprises:permit-new": ("GET", "file_firm", WRITERS),
    "enterprises:permit": ("GET", "firm_permit", READERS),
    "enterprises:permit-withdraw": ("POST", "firm_permit", WRITERS),
    "enterprises:permit-picture": ("GET", "firm_permit", READERS),
    "enterprises:reading-new": ("POST", "reading_kind", WRITERS),
    "enterprises:reading": ("GET", "reading", WRITERS),
    "enterprises:reading-picture": ("GET", "reading", WRITERS),
    "enterprises:reading-drop": ("POST", "reading", WRITERS),
    "enterprises:chemicals": ("GET", "file_firm", READERS),
    "enterprises:equipment": ("GET", "file_firm", READERS),
    "enterprises:photos": ("GET", "file_firm", READERS),
    "enterprises:chemical-remove": ("POST", "chemical", WRITERS),
    "enterprises:equipment-remove": ("POST", "equipment", WRITERS),
    "enterprises:photo": ("GET", "firm_photo", READERS),
    "enterprises:photo-remove": ("POST", "firm_photo", WRITERS),
    "enterprises:tags": ("POST", "file_firm", OFFICERS),
    "enterprises:spending-of": ("GET", "file_firm", READERS),
    "enterprises:spending-xlsx": ("GET", "file_firm", READERS),
    "enterprises:spending-file": ("GET", "spending", READERS),
    "enterprises:spending-remove": ("POST", "spending", FIRM),
    "enterprises:qr": ("GET", "file_firm", READERS),
    "enterprises:door": ("GET", "door", EVERYONE),
}


def arguments(cast: Cast) -> dict[str, list[Any]]:
    """Return an object of the forge for each key; the agency serves it."""
    firm, today = cast.enterprise("forge"), timezone.localdate()
    if not Mandate.objects.open().filter(enterprise=firm, organisation=cast.anhe).exists():
        Mandate.objects.create(enterprise=firm, organisation=cast.anhe, kind="contract", since=today)
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(picture, "PNG")
    kept = keep_picture(picture, "a.png", ("test", "1"), None)
    pair = {"original": kept.original}
    permit = Permit.objects.create(enterprise=firm, name="走查许可证", photo=kept.shown, **pair)
    reading = Reading.objects.create(
        enterprise=firm, kind="permit", shown=kept.shown, state="read", created_by=cast.manager, **pair
    )
    photo = FirmPhoto.objects.create(enterprise=firm, blob=kept.shown, **pair)
    said = FileValue.objects.create(
        enterprise=firm, field="walk", value="1", source="enterprise", said_at=timezone.now(), doubt="走查"
    )
    spent = Spending.objects.create(
        enterprise=firm, year=today.year, kind="invoice", purpose="other", fen=100, on=today, file=kept.shown
    )
    field = CustomField.objects.create(code="walk", label="走查", kind="text", region_code="410105")
    return {
        "file_firm": [firm.pk],
        "file_group": [firm.pk, "place"],
        "file_value": [firm.pk, said.pk],
        "firm_permit": [permit.pk],
        "reading": [reading.pk],
        "reading_kind": [firm.pk, "permit"],
        "chemical": [Chemical.objects.create(enterprise=firm, name="走查").pk],
        "equipment": [Equipment.objects.create(enterprise=firm, name="走查", kind="lift").pk],
        "firm_photo": [photo.pk],
        "spending": [spent.pk],
        "custom_field": [field.pk],
        "custom_field_step": [field.pk, "up"],
        "door": [token_of(firm.pk)],
    }
