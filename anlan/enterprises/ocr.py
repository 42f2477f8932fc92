"""Reading the text of a picture, where the extra `ocr` is installed. The models come inside the wheel: no network."""

import logging
from functools import lru_cache
from importlib.util import find_spec
from io import BytesIO
from typing import Any

from PIL import Image

ROW: float = 0.6
"""Two pieces whose middles differ by less than this share of their height stand on one line."""


def is_available() -> bool:
    """Whether this installation can read pictures."""
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


@lru_cache(maxsize=1)
def _engine() -> Any:
    """The reader; a second to load, 100 MB, so it is made at first use and kept."""
    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.WARNING)
    # Two threads at most: the worker shares the machine with the pages.
    return RapidOCR(params={"Global.log_level": "warning", "EngineConfig.onnxruntime.intra_op_num_threads": 2})


def read_picture(picture: bytes) -> list[str]:
    """The lines of text in an upright picture, top to bottom and left to right; [] when there is none."""
    image = Image.open(BytesIO(picture)).convert("RGB")
    found = _engine()(_array(image))
    if found.txts is None:
        return []
    pieces = [
        (float(box[:, 1].mean()), float(box[:, 0].min()), float(box[:, 1].max() - box[:, 1].min()), text)
        for box, text in zip(found.boxes, found.txts, strict=True)
    ]
    return _in_order(pieces)


def _array(image: Image.Image) -> Any:
    import numpy

    return numpy.asarray(image)[:, :, ::-1]  # the models were trained on blue, green, red


def _in_order(pieces: list[tuple[float, float, float, str]]) -> list[str]:
    """Pieces (middle, left, height, text) by line, then from the left: a photograph is never quite level."""
    rows: list[list[tuple[float, float, float, str]]] = []
    for piece in sorted(pieces):
        if rows and abs(piece[0] - rows[-1][-1][0]) < ROW * min(piece[2], rows[-1][-1][2]):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [text for row in rows for _y, _x, _h, text in sorted(row, key=lambda piece: piece[1])]
