"""Any picture as a tensor of red, green and blue bytes [3 height width]; one that is damaged is refused, not half read.

What is done to get there: palettes, gray, 1-bit, CMYK, YCbCr, LAB and HSV become RGB; 16-bit values become the nearest
8-bit ones (but of files in colour or with an alpha channel Pillow reads the upper bytes alone, which are at most 1
off); transparent pixels are laid over white; the rotation that a camera wrote into EXIF is carried out (an EXIF block
that cannot be read counts as none). Files of several frames (GIF, APNG, WebP, TIFF pages) are refused, since which one
is meant is not ours to guess; but of MPO and PSD the first frame is the picture, and of a Pillow image the current one
is. EPS is refused, since reading it means running a PostScript program.
"""

import io
import os
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
import torch
from jaxtyping import UInt8
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError
from torch import Tensor

from nmn.errors import ImageError

ImageSource: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | Image.Image | NDArray[Any] | Tensor

MAX_PIXELS = 64_000_000  # 192 MB as bytes; the largest cameras of phones make 50 million
ONE_PICTURE = ("MPO", "PSD")  # their further frames are previews, depths or layers of the first
ACCEPTED = "a path, bytes, a Pillow image, an array [height width 3] or a tensor [3 height width]"
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# what a file that is no picture starts with (at most 64 bytes in), and what to do about it
HINTS = {
    b"git-lfs": "a Git LFS pointer, not the picture itself: run `git lfs pull`",
    b"<svg": "SVG, a drawing without pixels: export it as PNG",
    b"ftyphei": "HEIC, which Pillow does not read: convert it to JPEG or PNG",
    b"ftypmif": "HEIC, which Pillow does not read: convert it to JPEG or PNG",
    b"%PDF": "a PDF: export the page as PNG",
    b"\x89PNG": "a PNG that was cut short: save or download it again",
    b"\xff\xd8\xff": "a JPEG that was cut short: save or download it again",
}


def load_image(source: ImageSource) -> UInt8[Tensor, "3 height width"]:
    """Return a picture as bytes of red, green and blue, on the CPU.

    ``source`` is a path; the bytes of a file; a Pillow image; an array [height width], [height width 3] or
    [height width 4] of uint8, uint16, bool, or floats from 0 to 1; a tensor [3 height width] of uint8 or floats from 0
    to 1. A tensor of uint8 on the CPU is returned as it is, not copied. Raises ImageError, which names the file, what
    is wrong with it and what to give instead; also for more than MAX_PIXELS pixels, before any is decoded.

    >>> load_image(np.zeros((2, 5), np.uint8)).shape
    torch.Size([3, 2, 5])
    """
    if isinstance(source, Tensor):
        return _from_tensor(source)
    if isinstance(source, np.ndarray):
        return _from_array(source, "image array")
    if isinstance(source, Image.Image):
        return _from_pillow(source, f"image {getattr(source, 'filename', '')}".rstrip())
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _decode(io.BytesIO(source), "image bytes")
    if source == "":
        raise ImageError(f"image: an empty path; give {ACCEPTED}")
    if isinstance(source, (str, os.PathLike)):
        with _opened(Path(source)) as file:
            return _decode(file, str(source))
    raise ImageError(f"image: expected {ACCEPTED}; got {type(source).__name__}")


def _opened(path: Path) -> IO[bytes]:
    if str(path).startswith(("http:/", "https:/")):
        raise ImageError(f"{path}: a web address; download the picture first and give its path")
    try:
        if path.is_dir():
            raise ImageError(f"{path}: a directory; give the path of one picture in it")
        if path.exists() and not path.is_file():  # reading a pipe or a device might never end
            raise ImageError(f"{path}: not a regular file; give the path of a picture, or its bytes")
        return path.open("rb")
    except (OSError, ValueError) as error:
        if isinstance(error, ImageError):
            raise
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ImageError(f"{str(path)[:200]}: cannot be opened: {reason}; give the path of a picture") from None


def _decode(file: IO[bytes], name: str) -> UInt8[Tensor, "3 height width"]:
    head = file.read(64)
    file.seek(0)
    if not head:
        raise ImageError(f"{name}: empty, 0 bytes; save or download the picture again")
    try:
        with Image.open(file) as image:
            if image.format == "EPS":
                raise ImageError(f"{name}: EPS, a PostScript program, is not run; export it as PNG")
            _check_size(image.width, image.height, name)
            if getattr(image, "is_animated", False) and image.format not in ONE_PICTURE:
                frames = getattr(image, "n_frames", "several")
                raise ImageError(
                    f"{name}: {image.format} of {frames} frames; save the one you mean as a PNG, or give a Pillow image"
                    " at that frame"
                )
            return _from_pillow(image, name)
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(f"{name}: not a picture: {_what_it_is(head)}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(f"{name}: {error} The limit here is {MAX_PIXELS:,} pixels; make it smaller") from None
    except Exception as error:
        raise _damaged(name, error) from error


def _what_it_is(head: bytes) -> str:
    for start, hint in HINTS.items():
        if start in head:
            return hint
    text = all(byte >= 32 or byte in b"\t\n\r" for byte in head)
    kind = "text" if text else "no format that Pillow reads"
    return f"{kind}, which starts with {head[:16]!r}; give a PNG or JPEG"


def _check_size(width: int, height: int, name: str) -> None:
    if width < 1 or height < 1:
        raise ImageError(f"{name}: {width}x{height} pixels; give a picture of at least 1x1")
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{name}: {width}x{height} is {width * height:,} pixels, more than {MAX_PIXELS:,}; make the picture smaller"
        )


def _from_pillow(image: Image.Image, name: str) -> UInt8[Tensor, "3 height width"]:
    _check_size(image.width, image.height, name)
    try:
        image.load()
        image = _upright(image)
        if image.mode in ("I", "F") or image.mode.startswith("I;16"):
            return _from_array(_wide_values(image, name), name)
        if image.has_transparency_data:
            straight = image.convert("LA") if image.mode == "La" else image  # the one step that Pillow lacks
            image = _over_white(straight.convert("RGBA"))
        return _planes(np.asarray(image if image.mode in ("L", "RGB") else image.convert("RGB")))
    except ImageError:
        raise
    except Exception as error:
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> ImageError:
    """Return what to raise where a decoder tripped, which on damaged files raises errors of any class."""
    return ImageError(f"{name}: damaged or cut short ({error}); save or download the picture again")


def _upright(image: Image.Image) -> Image.Image:
    try:
        method = UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # as any viewer does: a picture without a usable note of its rotation is shown as it is stored
        return image
    return image if method is None else image.transpose(method)


def _over_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, image).convert("RGB")


def _wide_values(image: Image.Image, name: str) -> NDArray[Any]:
    """Return the values of an image of 16 or 32 bits: floats as they are, whole numbers as uint16."""
    values = np.asarray(image)
    if values.dtype.kind == "f":
        return values
    if values.min() < 0 or values.max() > np.iinfo(np.uint16).max:
        raise ImageError(
            f"{name}: whole numbers from {values.min()} to {values.max()}; give values from 0 to 65535, or an array of"
            " floats from 0 to 1"
        )
    if values.itemsize > 2 and 0 < values.max() <= np.iinfo(np.uint8).max:
        raise ImageError(
            f"{name}: whole numbers of 32 bits up to {values.max()}, where white is 65535; if it is 255, save the"
            " picture with 8 bits"
        )
    return values.astype(np.uint16, copy=False)


def _from_array(array: NDArray[Any], name: str) -> UInt8[Tensor, "3 height width"]:
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ImageError(
            f"{name}: shape {list(array.shape)}; give [height width], [height width 3] or [height width 4], or a tensor"
            " [3 height width]"
        )
    _check_size(array.shape[1], array.shape[0], name)
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * 255
    elif array.dtype.kind == "u" and array.dtype.itemsize == 2:  # of either order of bytes
        array = ((array.astype(np.uint32) * 255 + 32_767) // 65_535).astype(np.uint8)
    elif array.dtype.kind == "f":
        _check_range(float(array.min()), float(array.max()), name)
        array = np.rint(array * 255).astype(np.uint8)
    elif array.dtype != np.uint8:
        raise ImageError(f"{name}: values of {array.dtype}; give uint8, uint16, bool, or floats from 0 to 1")
    if array.ndim == 3 and array.shape[2] == 4:
        array = np.asarray(_over_white(Image.fromarray(np.ascontiguousarray(array))))
    return _planes(array)


def _planes(array: NDArray[np.uint8]) -> UInt8[Tensor, "3 height width"]:
    """Return [height width] or [height width 3] as planes of a memory of their own."""
    planes = np.broadcast_to(array, (3, *array.shape)) if array.ndim == 2 else array.transpose(2, 0, 1)
    return torch.from_numpy(planes.copy())


def _from_tensor(tensor: Tensor) -> UInt8[Tensor, "3 height width"]:
    if tensor.ndim != 3 or tensor.shape[0] != 3:
        raise ImageError(f"image tensor: shape {list(tensor.shape)}; give [3 height width], red, green and blue")
    _check_size(tensor.shape[2], tensor.shape[1], "image tensor")
    if tensor.dtype == torch.uint8:
        return tensor.cpu()
    if not tensor.is_floating_point():
        raise ImageError(f"image tensor: values of {tensor.dtype}; give uint8, or floats from 0 to 1")
    values = tensor.detach().cpu().float()
    _check_range(values.min().item(), values.max().item(), "image tensor")
    return values.mul(255).round_().to(torch.uint8)


def _check_range(least: float, most: float, name: str) -> None:
    if not (np.isfinite(least) and np.isfinite(most)):
        raise ImageError(f"{name}: holds values that are not finite (NaN or infinity); give floats from 0 to 1")
    if least < 0 or most > 1:
        raise ImageError(
            f"{name}: floats from {least:g} to {most:g}; give floats from 0 to 1 (divide by the largest value that the"
            " picture could have), or uint8"
        )
