"""Flat schematic pictures for the demo: no real place, no real person, each says that it is a demonstration."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Final

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

SIZE: Final = (1200, 900)
WALL, FLOOR, INK = "#d9d6cc", "#8d9493", "#17262b"
WOOD, STEEL, GREEN, YELLOW, RED, DARK = "#b0845a", "#6f8f95", "#1f7a46", "#e9bf3a", "#b3261e", "#3d474a"
SCENES: Final = {
    "exit": "安全出口被货物堵住", "exit_clear": "安全出口已清空", "cabinet": "配电箱前堆放杂物", "cabinet_clear": "配电箱前已清空",
    "guard": "皮带轮没有防护罩", "guard_on": "皮带轮已装防护罩", "gas": "气瓶没有固定", "gas_fixed": "气瓶已固定",
    "dust": "除尘管道积尘", "dust_clear": "除尘管道已清理", "extinguisher": "灭火器压力不足", "extinguisher_ok": "灭火器已更换",
}  # fmt: skip


def draw(scene: str) -> io.BytesIO:
    """A JPEG of 1200 by 900 of one of `SCENES`."""
    return io.BytesIO(_drawn(scene))


@lru_cache(maxsize=32)
def _drawn(scene: str) -> bytes:
    image = Image.new("RGB", SIZE, WALL)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 640, 1200, 900), fill=FLOOR)
    pen.line((0, 640, 1200, 640), fill=DARK, width=4)
    name, fixed = scene.partition("_")[0], "_" in scene
    {"exit": _exit, "cabinet": _cabinet, "guard": _guard, "gas": _gas, "dust": _dust, "extinguisher": _extinguisher}[
        name
    ](pen, fixed)
    pen.rectangle((0, 836, 1200, 900), fill=INK)
    pen.text((28, 848), f"演示　{SCENES[scene]}", font=_font(34), fill="#ffffff")
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    return file.getvalue()


@lru_cache(maxsize=4)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    path = settings.WEB_DIST / "fonts" / "NotoSansSC-Regular.ttf"
    return ImageFont.truetype(str(path), size) if path.exists() else ImageFont.load_default(size)


def _boxes(pen: ImageDraw.ImageDraw, places: tuple[tuple[int, int, int, int], ...]) -> None:
    for box in places:
        pen.rectangle(box, fill=WOOD, outline=DARK, width=4)
        middle = (box[0] + box[2]) // 2
        pen.line((middle, box[1], middle, box[3]), fill="#d8b98c", width=14)


def _exit(pen: ImageDraw.ImageDraw, fixed: bool) -> None:
    pen.rectangle((440, 190, 760, 640), fill=STEEL, outline=DARK, width=8)
    pen.line((600, 190, 600, 640), fill=DARK, width=6)
    pen.rectangle((500, 110, 700, 170), fill=GREEN)
    pen.text((520, 116), "安全出口", font=_font(40), fill="#ffffff")
    if fixed:
        pen.polygon([(360, 640), (300, 820), (320, 820), (376, 640)], fill=YELLOW)
        pen.polygon([(824, 640), (880, 820), (900, 820), (840, 640)], fill=YELLOW)
        pen.text((470, 730), "禁止堆放", font=_font(60), fill=YELLOW)
    else:
        _boxes(pen, ((330, 520, 560, 720), (560, 430, 760, 720), (700, 580, 900, 760), (390, 370, 540, 520)))


def _cabinet(pen: ImageDraw.ImageDraw, fixed: bool) -> None:
    pen.rectangle((450, 180, 750, 560), fill="#9fa9aa", outline=DARK, width=8)
    pen.polygon([(600, 240), (640, 340), (612, 340), (650, 440), (560, 320), (592, 320)], fill=YELLOW, outline=DARK)
    if fixed:
        pen.rectangle((400, 660, 800, 800), outline=YELLOW, width=12)
    else:
        _boxes(pen, ((400, 560, 600, 760), (600, 500, 820, 760), (470, 430, 620, 560)))


def _guard(pen: ImageDraw.ImageDraw, fixed: bool) -> None:
    pen.rectangle((250, 620, 950, 700), fill=DARK)
    for x, r in ((430, 120), (770, 90)):
        pen.ellipse((x - r, 480 - r, x + r, 480 + r), fill=STEEL, outline=DARK, width=8)
    pen.line((430, 360, 770, 390), fill=DARK, width=12)
    pen.line((430, 600, 770, 570), fill=DARK, width=12)
    if fixed:
        pen.rounded_rectangle((280, 330, 890, 630), radius=120, fill=YELLOW, outline=DARK, width=8)
        for x in range(360, 860, 60):
            pen.line((x, 370, x, 590), fill=DARK, width=6)


def _gas(pen: ImageDraw.ImageDraw, fixed: bool) -> None:
    for x, colour in ((480, "#3f6fb0"), (640, "#d8d8d8")):
        pen.rounded_rectangle((x, 260, x + 110, 700), radius=50, fill=colour, outline=DARK, width=6)
        pen.rectangle((x + 40, 220, x + 70, 262), fill=DARK)
    if fixed:
        pen.rectangle((430, 180, 460, 720), fill=DARK)
        pen.line((440, 420, 800, 420), fill=YELLOW, width=16)
        pen.line((440, 580, 800, 580), fill=YELLOW, width=16)


def _dust(pen: ImageDraw.ImageDraw, fixed: bool) -> None:
    pen.rectangle((100, 240, 1100, 360), fill=STEEL, outline=DARK, width=8)
    pen.rectangle((520, 360, 640, 640), fill=STEEL, outline=DARK, width=8)
    if not fixed:
        for x in range(120, 1080, 40):
            pen.ellipse((x, 216 - x % 3 * 6, x + 60, 262), fill="#c9a878")
        pen.polygon([(420, 640), (580, 540), (760, 640)], fill="#c9a878")


def _extinguisher(pen: ImageDraw.ImageDraw, fixed: bool) -> None:
    pen.rounded_rectangle((520, 280, 700, 720), radius=60, fill=RED, outline=DARK, width=6)
    pen.rectangle((580, 220, 640, 284), fill=DARK)
    pen.ellipse((560, 360, 660, 460), fill="#ffffff", outline=DARK, width=6)
    pen.line((610, 410, 640 if fixed else 580, 380 if fixed else 390), fill=GREEN if fixed else RED, width=10)
