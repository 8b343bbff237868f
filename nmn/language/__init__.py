"""English to layouts: normalise, lex, parse, attach, lower. Torch-free."""

from nmn.language.grammar import grammar_names
from nmn.language.parse import Reading, Readings, Repair, parse, read, read_all

__all__ = ["Reading", "Readings", "Repair", "grammar_names", "parse", "read", "read_all"]
