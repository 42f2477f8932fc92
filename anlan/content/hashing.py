"""The hash that a signature is bound to. Pure."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson


def _plain(value: object) -> object:
    if isinstance(value, Decimal):  # 12.0 as typed and 12 as stored are one figure
        return format(value.normalize(), "f")
    raise TypeError(type(value).__name__)


def digest_of(texts: Mapping[str, Any]) -> str:
    """SHA-256 (64 hex digits) of texts by field: the same words give the same hash, whatever the order of the fields.

    Line ends and blanks at the end of a line do not count: browsers change them on the way.
    """
    neat = {name: _neat(value) for name, value in texts.items()}
    return hashlib.sha256(orjson.dumps(neat, option=orjson.OPT_SORT_KEYS, default=_plain)).hexdigest()


def _neat(value: Any) -> Any:
    if isinstance(value, str):
        return "\n".join(line.rstrip() for line in value.replace("\r\n", "\n").split("\n")).strip()
    if isinstance(value, (list, tuple)):
        return [_neat(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _neat(item) for key, item in value.items()}
    return value
