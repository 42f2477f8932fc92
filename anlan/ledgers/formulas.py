"""The formulas of calculated fields: sums, products and a few functions over the numbers of one entry.

Grammar: numbers, `+ - * /`, brackets, field names in square brackets ([数量], [明细.金额] for a column of a table), and
the functions of `FUNCTIONS`. People write labels; what is stored names stable keys ([f3], [f5.c2]), so a renamed field
breaks nothing. Parsed by Python's own parser and then walked node by node: whatever is not listed here is refused, with
its position; nothing is ever handed to `eval`. Arithmetic is decimal, so 0.1 + 0.2 is 0.3.
"""

import ast
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext
from typing import Final

from django.utils.translation import gettext as _

MAX_LENGTH: Final = 200
NAME: Final = re.compile(r"\[([^\[\]]+)\]")
_KEY = re.compile(r"f\d+(\.c\d+)?")

Numbers = Mapping[str, "Decimal | list[Decimal] | None"]
"""Key → the number typed, the numbers of a column, or None where nothing was typed."""


class BadFormula(ValueError):
    """A formula that cannot be read: `position` counts characters from 1."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message, self.position = message, position


def _sum(values: list[Decimal]) -> Decimal:
    return sum(values, Decimal(0))


def _average(values: list[Decimal]) -> Decimal:
    return _sum(values) / Decimal(len(values))


FUNCTIONS: Final[dict[str, tuple[str, Callable[[list[Decimal]], Decimal]]]] = {
    "合计": ("sum", _sum),
    "平均": ("avg", _average),
    "最大": ("max", max),
    "最小": ("min", min),
    "个数": ("count", lambda values: Decimal(len(values))),
    "取整": ("round", lambda values: values[0].quantize(Decimal(1), ROUND_HALF_UP)),
}
"""Chinese name → name in XLSForm's expressions, function over all the numbers handed to it."""
_BY_NAME = {name: work for chinese, (english, work) in FUNCTIONS.items() for name in (chinese, english)}
_FULL_WIDTH = str.maketrans("（）＋－＊／×÷，．［］【】０１２３４５６７８９", "()+-*/*/,.[][]0123456789")


def with_keys(text: str, labels: Mapping[str, str]) -> str:
    """Replace the labels in square brackets by keys. `labels`: label → key. Raises `BadFormula` for an unknown one."""

    def key(found: re.Match[str]) -> str:
        name = re.sub(r"\s*\.\s*", ".", found[1].strip())
        known = labels.get(name) or (name if name in labels.values() else None)
        if known is None:
            raise BadFormula(_("没有叫“%(name)s”的数字字段。") % {"name": name}, found.start() + 1)
        return f"[{known}]"

    return NAME.sub(key, text.translate(_FULL_WIDTH).strip())


def with_labels(text: str, labels: Mapping[str, str]) -> str:
    """The stored formula as people read it. `labels`: label → key."""
    names = {key: label for label, key in labels.items()}
    return NAME.sub(lambda found: f"[{names.get(found[1], found[1])}]", text)


def keys_of(text: str) -> list[str]:
    """The keys that a stored formula names: f3, f5.c2."""
    return NAME.findall(text)


def check(text: str, keys: set[str]) -> None:
    """Refuse a stored formula that is not one, or names a key that is not there. Raises `BadFormula` with the position."""
    if not text:
        raise BadFormula(_("请写出公式，例如 [数量]*[单价]。"), 1)
    if len(text) > MAX_LENGTH:
        raise BadFormula(_("公式最多 %(n)d 个字符。") % {"n": MAX_LENGTH}, MAX_LENGTH)
    for found in NAME.finditer(text):
        if found[1] not in keys:
            raise BadFormula(_("“%(name)s”不在这个字段前面，或不是数字。") % {"name": found[1]}, found.start() + 1)
    _walk(_parsed(text), text)


def value(text: str, numbers: Numbers) -> Decimal | None:
    """The result, or None: something it needs is missing, it divides by zero, or is beyond 15 digits."""
    try:
        with localcontext() as context:
            context.prec = 28
            found = _value(_parsed(text), numbers)
    except (DivisionByZero, InvalidOperation, Overflow, ZeroDivisionError, BadFormula, RecursionError):
        return None
    if found is None or isinstance(found, list) or not found.is_finite() or abs(found) >= Decimal(10) ** 15:
        return None
    return found


def _parsed(text: str) -> ast.expr:
    """The tree of a stored formula. Names become identifiers of the same length, so that positions stay true."""
    plain = NAME.sub(lambda found: "_" + found[1].replace(".", "_") + "_", text)
    if stray := re.search(r"[\[\]\\'\"{}:;@#=]|__", plain):
        raise BadFormula(_("这里的“%(char)s”不能用。") % {"char": stray[0]}, stray.start() + 1)
    try:
        return ast.parse(plain, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        position = getattr(error, "offset", None) or len(plain)
        raise BadFormula(_("公式没有写完整，请检查括号和运算符。"), min(position, len(plain) + 1)) from None


def _key_of(node: ast.Name) -> str | None:
    key = node.id[1:-1].replace("_", ".", 1) if node.id.startswith("_") else ""
    return key if _KEY.fullmatch(key) else None


def _position(text: str, node: ast.expr) -> int:
    return len(text.encode()[: node.col_offset].decode(errors="ignore")) + 1


def _walk(node: ast.expr, text: str) -> None:
    at = _position(text, node)
    match node:
        case ast.Constant(value=bool()) | ast.Constant(value=complex()):
            raise BadFormula(_("这里只能写数字。"), at)
        case ast.Constant(value=int() | float()):
            return
        case ast.Name():
            if _key_of(node) is None:
                raise BadFormula(_("“%(name)s”要写在方括号里。") % {"name": node.id}, at)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), right=right):
            _walk(left, text)
            _walk(right, text)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            _walk(operand, text)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if args:
            if name not in _BY_NAME:
                names = "、".join(FUNCTIONS)
                raise BadFormula(_("没有“%(name)s”这个函数。可以用：%(names)s。") % {"name": name, "names": names}, at)
            for each in args:
                _walk(each, text)
        case _:
            raise BadFormula(_("公式里只能有数字、字段、加减乘除、括号和函数。"), at)


def _value(node: ast.expr, numbers: Numbers) -> Decimal | list[Decimal] | None:
    match node:
        case ast.Constant(value=int() | float() as number):
            return Decimal(str(number))
        case ast.Name():
            return numbers.get(_key_of(node) or "")
        case ast.UnaryOp(op=op, operand=operand):
            inner = _value(operand, numbers)
            if inner is None or isinstance(inner, list):
                return None
            return -inner if isinstance(op, ast.USub) else inner
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _value(left, numbers), _value(right, numbers)
            if a is None or b is None or isinstance(a, list) or isinstance(b, list):
                return None
            match op:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
                case ast.Div():
                    return a / b
        case ast.Call(func=ast.Name(id=name), args=args) if name in _BY_NAME:
            flat: list[Decimal] = []
            for each in args:
                found = _value(each, numbers)
                flat += found if isinstance(found, list) else [found] if found is not None else []
            if not flat and name in ("合计", "sum", "个数", "count"):
                return Decimal(0)
            return _BY_NAME[name](flat) if flat else None
    raise BadFormula(_("公式里只能有数字、字段、加减乘除、括号和函数。"), 1)
