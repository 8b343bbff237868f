"""The language of reasoning: kinds, signatures, layouts and their text form. Torch-free."""

from nmn.layout.graph import MAX_DEPTH, Call, Layout, asked, call_label
from nmn.layout.signature import (
    COMPARISONS,
    MAX_NUMBER,
    OWN_NAMES,
    QUANTIFIERS,
    SIDES,
    SIGNATURES,
    Argument,
    Kind,
    Signature,
    of_panels,
    register_signature,
    signature_of,
    unregister_signature,
)
from nmn.layout.text import format_layout, parse_layout, to_dot, to_mermaid

__all__ = [
    "COMPARISONS",
    "MAX_DEPTH",
    "MAX_NUMBER",
    "OWN_NAMES",
    "QUANTIFIERS",
    "SIDES",
    "SIGNATURES",
    "Argument",
    "Call",
    "Kind",
    "Layout",
    "Signature",
    "asked",
    "call_label",
    "format_layout",
    "of_panels",
    "parse_layout",
    "register_signature",
    "signature_of",
    "to_dot",
    "to_mermaid",
    "unregister_signature",
]
