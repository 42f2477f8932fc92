"""Photographs are kept twice, upright and light, and nothing is kept of what is no picture."""

from datetime import UTC, datetime
from io import BytesIO

import pytest
from PIL import Image, ImageDraw
from PIL.ExifTags import GPS, IFD, Base

from anlan.files.actions import open_blob
from anlan.files.models import Blob
from anlan.files.pictures import keep_picture, lighten
from anlan.lib.errors import Refused

OWNER = ("test", "1")


def photo(
    size: tuple[int, int] = (400, 300), form: str = "JPEG", *, turned: bool = False, place: bool = False
) -> BytesIO:
    """A white picture whose upper left quarter is red; `turned` marks it as taken with the phone on its side."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2, size[1] // 2), fill="red")
    exif = image.getexif()
    if turned:
        exif[Base.Orientation] = 6  # the camera was turned a quarter to the right
    if place:
        tags = exif.get_ifd(IFD.Exif)
        tags[Base.DateTimeOriginal] = "2026:11:02 08:30:00"
        where = exif.get_ifd(IFD.GPSInfo)
        where[GPS.GPSLatitudeRef], where[GPS.GPSLatitude] = "N", (34.0, 49.0, 48.0)
        where[GPS.GPSLongitudeRef], where[GPS.GPSLongitude] = "E", (113.0, 43.0, 12.0)
    content = BytesIO()
    image.save(content, form, exif=exif)
    content.seek(0)
    return content


@pytest.mark.django_db
def test_a_photo_is_kept_as_it_came_and_as_a_light_upright_copy() -> None:
    content = photo((3000, 2000), turned=True)
    came = content.getvalue()
    original, shown, _facts = keep_picture(content, "现场.jpg", OWNER, None)
    assert open_blob(original).read() == came
    copy = Image.open(open_blob(shown))
    assert copy.size == (1333, 2000)
    red = copy.getpixel((1200, 100))
    assert isinstance(red, tuple)
    assert red[0] > 200 and red[1] < 60, "the red quarter must have moved to the upper right"
    assert not copy.getexif()
    assert (shown.media_type, shown.name) == ("image/jpeg", "现场.jpg")


def test_the_cameras_time_and_place_are_read() -> None:
    facts = lighten(photo(place=True))[1]
    assert facts["taken_at"] == datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
    assert facts["latitude"] == pytest.approx(34.83)
    assert facts["longitude"] == pytest.approx(113.72)
    assert lighten(photo())[1] == {"taken_at": None, "latitude": None, "longitude": None}


@pytest.mark.parametrize("form", ["HEIF", "PNG", "WEBP", "AVIF"])
def test_every_format_of_a_phone_becomes_jpeg(db: None, form: str) -> None:
    original, shown, _facts = keep_picture(photo(form=form), f"x.{form.lower()}", OWNER, None)
    assert original.media_type.startswith("image/")
    assert Image.open(open_blob(shown)).format == "JPEG"


def test_a_transparent_drawing_gets_white_paper() -> None:
    drawing = BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(drawing, "PNG")
    assert Image.open(lighten(drawing)[0]).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("content", [b"", b"<svg onload=alert(1)>", b"\xff\xd8\xff broken", photo().getvalue()[:900]])
def test_what_is_no_picture_leaves_nothing_behind(db: None, content: bytes) -> None:
    with pytest.raises(Refused) as no:
        keep_picture(BytesIO(content), "x.jpg", OWNER, None)
    assert (no.value.code, no.value.status) == ("picture_unreadable", 422)
    assert not Blob.objects.exists()


def test_forty_megabytes_pass_and_sixty_do_not(db: None) -> None:
    padded = photo().getvalue()
    assert keep_picture(BytesIO(padded + b"\0" * (40 << 20)), "a.jpg", OWNER, None).original.size > 40 << 20
    with pytest.raises(Refused) as no:
        keep_picture(BytesIO(padded + b"\0" * (60 << 20)), "a.jpg", OWNER, None)
    assert no.value.code == "file_too_large"


def test_a_small_file_that_claims_a_huge_picture_is_refused() -> None:
    bomb = BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    with pytest.raises(Refused) as no:
        lighten(bomb)
    assert no.value.code in ("picture_too_big", "picture_unreadable")
