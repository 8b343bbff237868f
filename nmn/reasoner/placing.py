"""Where a network computes, and where it keeps what it saw."""

from pathlib import Path

import torch

from nmn.errors import ConfigError


def device_of(name: str) -> torch.device:
    """Return a device by name, "auto" for a GPU where there is one; raise ConfigError for one that is not there."""
    try:
        device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        told = str(error).splitlines()[0]
        if isinstance(error, NotImplementedError):
            told = "it is not there on this machine"
        reason = "there is no such kind of device" if told.startswith("Expected one of") else told
        raise ConfigError(f'device "{name}": {reason}; give "auto", "cpu" or "cuda"') from None
    return device


def keep_features(model: torch.nn.Module, folder: str | Path) -> None:
    """Keep the features of a model's frozen backbone in a folder; raise ConfigError where it has none."""
    from nmn.vision.cells import CellVision

    vision = getattr(model, "vision", None)
    if not isinstance(vision, CellVision):
        raise ConfigError("cache: the network has no cells of a frozen backbone whose features could be kept")
    vision.keep(folder)
