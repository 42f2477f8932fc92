"""Figures of this app in words."""

from django import template

register = template.Library()


@register.filter
def yuan(fen: int | None) -> str:
    """Hundredths of a yuan as yuan: 12,345.60, without the cents where there are none, without the sign."""
    whole, cents = divmod(abs(int(fen or 0)), 100)
    return f"{whole:,}.{cents:02d}" if cents else f"{whole:,}"
