"""Reading statutes. Pure: words and files in, data out; knows no database."""

from anlan.law.parsing.structure import Kind, Piece, Text, parse, parse_lines

__all__ = ["Kind", "Piece", "Text", "parse", "parse_lines"]
