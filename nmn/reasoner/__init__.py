"""The facade: ask a question of an image or a scene, or run a layout on it, and get the answer with its trace."""

from nmn.reasoner.loading import load, nlvr_reader
from nmn.reasoner.network import Reasoner
from nmn.reasoner.placing import keep_features
from nmn.reasoner.scene import ask_scene, run, run_many
from nmn.reasoner.system import SystemReasoner

__all__ = [
    "Reasoner", "SystemReasoner", "ask_scene", "keep_features", "load", "nlvr_reader", "run", "run_many"
]  # fmt: skip
