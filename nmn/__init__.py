"""A neuro-symbolic visual reasoning engine: questions in English, typed layouts of modules, answers with a trace.

``import nmn`` loads neither torch nor lark; each name is imported when it is first used.
"""

import importlib
from typing import Any

_PLACES = {
    "Answer": "nmn.answer",
    "ArgumentError": "nmn.errors",
    "CacheError": "nmn.errors",
    "CheckpointError": "nmn.errors",
    "ConfigError": "nmn.errors",
    "DataError": "nmn.errors",
    "ImageError": "nmn.errors",
    "Kind": "nmn.layout",
    "Layout": "nmn.layout",
    "LayoutError": "nmn.errors",
    "Lexicon": "nmn.lexicon",
    "LexiconError": "nmn.errors",
    "NmnError": "nmn.errors",
    "QuestionError": "nmn.errors",
    "SceneError": "nmn.errors",
    "SceneGraph": "nmn.scene",
    "SceneObject": "nmn.scene",
    "Signature": "nmn.layout",
    "Reasoner": "nmn.reasoner",
    "ask_scene": "nmn.reasoner",
    "explain": "nmn.explaining",
    "load": "nmn.reasoner",
    "load_lexicon": "nmn.lexicon",
    "parse": "nmn.language",
    "parse_layout": "nmn.layout",
    "read_scene": "nmn.scene",
    "register_module": "nmn.modules.custom",
    "run": "nmn.reasoner",
    "scene_from_json": "nmn.scene",
    "unregister_module": "nmn.modules.custom",
}

__all__ = sorted(_PLACES)  # noqa: PLE0605
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'nmn' has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
