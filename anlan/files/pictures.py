"""Photographs as phones make them: sideways, 40 MB, HEIC. The original is kept as evidence, a lighter copy is shown."""

from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import PurePath
from typing import IO, Any, Final, NamedTuple, TypedDict

import pillow_heif
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.ExifTags import GPS, IFD, Base

from anlan.files.actions import store
from anlan.files.models import Blob
from anlan.lib.dates import SHANGHAI
from anlan.lib.errors import Refused

pillow_heif.register_heif_opener()

LONGEST: Final = 2000
"""Longest side of the copy that pages show, in pixels: legible on a big screen, a tenth of the bytes."""
MOST_PIXELS: Final = 150_000_000
"""More than any phone makes; a small file that claims more would eat the memory of the machine."""
MOST_UNFOLDED: Final = 64_000_000
"""Where the decoder cannot shrink while it reads (all but JPEG): 250 MB of memory, out of a file of a few hundred KB."""
MOST_DRAWN: Final = 4_000_000
"""Pixels of a signature drawn with a finger."""
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF")
"""The only decoders that an upload may reach: others hand the file to programs of the machine (EPS) or have no limits."""
MAX_MB: Final = 50


class Facts(TypedDict):
    """What the camera wrote into the picture. Evidence of nothing by itself: it can be forged and is often missing."""

    taken_at: datetime | None
    latitude: float | None
    longitude: float | None


class Picture(NamedTuple):
    """The two stored files of one photograph, and what the camera said."""

    original: Blob
    shown: Blob
    facts: Facts


def keep_picture(content: IO[bytes], name: str, owner: tuple[str, str], by_id: int | None) -> Picture:
    """Store a photograph twice: untouched, and upright as a JPEG of at most 2,000 pixels without the camera's data.

    `owner` is (kind, id) as in `store()`. Reads JPEG, PNG, WebP, GIF, HEIC and AVIF up to 50 MB. Raises `Refused`
    (422: `file_too_large`, `picture_unreadable`, `picture_too_big`) before anything is kept.
    """
    light, facts = lighten(content, name)
    content.seek(0)
    original = store(content, name=name, owner=owner, by_id=by_id, kinds=frozenset({"image/"}), max_mb=MAX_MB)
    shown = store(light, name=f"{PurePath(name).stem or 'photo'}.jpg", owner=owner, by_id=by_id)
    return Picture(original, shown, facts)


def lighten(content: IO[bytes], name: str = "", *, longest: int = LONGEST) -> tuple[BytesIO, Facts]:
    """The picture turned upright, at most `longest` pixels a side, as JPEG; and its facts. Nothing is stored.

    Raises `Refused` as `keep_picture` does.
    """
    content.seek(0, 2)
    if content.tell() > MAX_MB * 1024 * 1024:
        raise Refused(
            _("照片超过 %(mb)d MB，没有保存。请重新拍一张，或把相机的清晰度调低一档。") % {"mb": MAX_MB},
            code="file_too_large",
            status=422,
        )
    content.seek(0)
    try:
        with Image.open(content, formats=FORMATS) as image:
            if image.width * image.height > (MOST_PIXELS if image.format in ("JPEG", "MPO") else MOST_UNFOLDED):
                raise Refused(_("这张照片的像素太多，没有保存。请重新拍一张。"), code="picture_too_big", status=422)
            facts = _facts(image.getexif())
            # A JPEG decoder can halve while it reads: a 40 MB photograph then takes a tenth of the time.
            image.draft("RGB", (longest, longest))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((longest, longest), Image.Resampling.LANCZOS)
            light = BytesIO()
            _on_white(upright).save(light, "JPEG", quality=84, optimize=True)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError, RuntimeError):
        raise Refused(
            _("“%(name)s”不是能打开的照片，没有保存。请换一张，或直接用相机拍。") % {"name": name or _("文件")},
            code="picture_unreadable",
            status=422,
        ) from None
    light.seek(0)
    return light, facts


def check_drawing(content: IO[bytes]) -> None:
    """Raise `Refused` (422: `drawing`) unless this is a whole PNG of a size that can be drawn by hand: it will be printed."""
    try:
        with Image.open(content, formats=("PNG",)) as image:
            if image.width * image.height > MOST_DRAWN:
                raise ValueError
            image.load()
    except (Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        raise Refused(_("签名没有认出来，没有保存。请清除后重签，或写上姓名。"), code="drawing", status=422) from None
    content.seek(0)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        clear = image.convert("RGBA")
        paper = Image.new("RGB", clear.size, "white")
        paper.paste(clear, mask=clear.getchannel("A"))
        return paper
    return image.convert("RGB")


def _facts(exif: Image.Exif) -> Facts:
    return {
        "taken_at": _taken_at(exif.get_ifd(IFD.Exif)),
        "latitude": _degrees(exif.get_ifd(IFD.GPSInfo), GPS.GPSLatitude, GPS.GPSLatitudeRef, "S", 90),
        "longitude": _degrees(exif.get_ifd(IFD.GPSInfo), GPS.GPSLongitude, GPS.GPSLongitudeRef, "W", 180),
    }


def _taken_at(tags: dict[int, Any]) -> datetime | None:
    """When the shutter opened; a camera that names no offset is taken to run on the province's time."""
    try:
        moment = datetime.strptime(str(tags[Base.DateTimeOriginal]).strip("\0 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007
        offset = str(tags.get(Base.OffsetTimeOriginal, ""))
        if len(offset) == 6 and offset[0] in "+-":
            away = timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6]))
            return moment.replace(tzinfo=timezone(-away if offset[0] == "-" else away))
        return moment.replace(tzinfo=SHANGHAI)
    except (KeyError, ValueError):
        return None


def _degrees(tags: dict[int, Any], value: int, side: int, negative: str, most: int) -> float | None:
    """Degrees, minutes and seconds of EXIF as one number; None for anything impossible or half written."""
    try:
        whole, minutes, seconds = (float(part) for part in tags[value])
        found = whole + minutes / 60 + seconds / 3600
        if not 0 <= found <= most:  # also refuses "not a number"
            return None
        return round(-found if str(tags.get(side, "")).strip("\0 ").upper() == negative else found, 6)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
