"""The sheet with the code that hangs at a firm's door."""

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import segno
import typst
from django.conf import settings

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Door:
    """What the sheet says: the firm, where it lies, the address in the code."""

    name: str
    place: str
    address: str


def qr_svg(address: str) -> str:
    """A QR code as SVG, in ink, without a quiet zone. High error correction: it hangs in a workshop."""
    code = segno.make(address, error="q", micro=False)
    return str(code.svg_inline(border=0, dark="#17262b", scale=4)).replace(
        "<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1
    )


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    fonts = typst.Fonts(
        include_system_fonts=True, include_embedded_fonts=False, font_paths=[str(settings.WEB_DIST / "fonts")]
    )
    return typst.Compiler(str(FOLDER / "door.typ"), root=str(FOLDER), font_paths=fonts)


def render_door(door: Door, size: str) -> bytes:
    """The sheet as PDF; `size` is a4 or a6."""
    data = json.dumps({**asdict(door), "qr": qr_svg(door.address), "size": size}, ensure_ascii=False)
    made = _compiler().compile(format="pdf", sys_inputs={"door": data})
    assert isinstance(made, bytes)  # noqa: S101  # one document, one file
    return made
