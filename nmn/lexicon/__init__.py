"""The words of a domain and what they mean: one TOML file, the one table that says what a relation is.

The language reads the words, the exact modules and the reference evaluator read the meanings. Torch-free.
"""

from nmn.lexicon.entries import (
    BETWEEN_DEGREES,
    MEASURES,
    Attribute,
    Gap,
    Given,
    Lexicon,
    Meaning,
    Offset,
    On,
    Order,
    Relation,
    Superlative,
)
from nmn.lexicon.files import MAX_EXTENSIONS, load_lexicon, whole_text

__all__ = [
    "BETWEEN_DEGREES", "MAX_EXTENSIONS", "MEASURES", "Attribute", "Gap", "Given", "Lexicon", "Meaning", "Offset", "On",
    "Order", "Relation", "Superlative", "load_lexicon", "whole_text",
]  # fmt: skip
