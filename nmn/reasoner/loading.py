"""Trained networks by file, run or name, ready to be asked."""

from pathlib import Path
from typing import TYPE_CHECKING

from nmn.checkpoint import shipped, weights_file
from nmn.reasoner.network import Reasoner
from nmn.reasoner.system import SystemReasoner

if TYPE_CHECKING:
    from nmn.vision.nlvr_reader import NlvrReader

NLVR_WEIGHTS = "nlvr"


def load(
    path: str | Path | None = None, device: str = "auto", *, cache: str | Path | None = None
) -> Reasoner | SystemReasoner:
    """Load a trained network: a file, the folder of a run, or the name of bundled weights; by default "world"'s.

    Raises CheckpointError naming the file and what is wrong with it.
    """
    from nmn.models.baselines import load_system
    from nmn.models.build import Network

    loaded = load_system(weights_file(path))
    return Reasoner(loaded, device, cache) if isinstance(loaded, Network) else SystemReasoner(loaded, device, cache)


def nlvr_reader(path: str | Path | None = None) -> "NlvrReader":
    """Load a trained reader of NLVR's images: a file, a run's folder, or the name of weights that ship; "nlvr"'s.

    Called with images [batch 100 400 3] it returns their scenes. Raises CheckpointError.
    """
    from nmn.vision.nlvr_reader import NlvrReader, load_detector

    return NlvrReader(load_detector(shipped(NLVR_WEIGHTS) if path is None else weights_file(path)))
