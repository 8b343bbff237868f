"""Pictures: every kind that is read, the values that come out, and what is said of those that are refused."""

import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from nmn.errors import ImageError
from nmn.vision.fit import fit
from nmn.vision.image import MAX_PIXELS, ImageSource, load_image

RED, GREEN = (204, 10, 30), (20, 180, 40)
HEIGHT, WIDTH = 5, 7


def picture() -> Image.Image:
    """Return a green picture, 7 wide and 5 high, with its top left pixel red."""
    image = Image.new("RGB", (WIDTH, HEIGHT), GREEN)
    image.putpixel((0, 0), RED)
    return image


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


PNG = saved(picture(), "PNG")
EXPECTED = torch.from_numpy(np.array(picture())).permute(2, 0, 1)


def test_a_path_bytes_a_pillow_image_an_array_and_a_tensor_give_the_same_pixels(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(PNG)
    array = np.array(picture())
    floats = array.astype(np.float64) / 255
    sources: list[ImageSource] = [
        path,
        str(path),
        PNG,
        bytearray(PNG),
        memoryview(PNG),
        picture(),
        array,
        floats,
        EXPECTED,
    ]
    sources += [EXPECTED.float() / 255, (EXPECTED.double() / 255).requires_grad_(), array.astype(np.uint16) * 257]
    for source in sources:
        image = load_image(source)
        assert image.dtype == torch.uint8
        assert torch.equal(image, EXPECTED)


def test_a_tensor_of_bytes_is_not_copied_and_an_array_is() -> None:
    assert load_image(EXPECTED).data_ptr() == EXPECTED.data_ptr()
    array = np.zeros((2, 3), np.uint8)
    image = load_image(array)
    array[:] = 9
    assert image.sum() == 0


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "La", "RGBa"])
def test_every_mode_of_white_is_white(mode: str) -> None:
    white = Image.new("RGBA", (WIDTH, HEIGHT), "white")
    image = {"La": lambda: white.convert("LA"), "PA": lambda: white.convert("P")}.get(mode, lambda: white)()
    assert (load_image(image.convert(mode)) == 255).all()


def test_a_palette_cmyk_and_lab_keep_their_colors() -> None:
    assert torch.equal(load_image(saved(picture().quantize(4), "PNG")), EXPECTED)
    cmyk = load_image(saved(picture().convert("CMYK"), "TIFF"))
    assert torch.equal(cmyk, EXPECTED)
    lab = load_image(Image.new("LAB", (1, 1), (255, 128, 128)))
    assert lab.min() >= 254


@pytest.mark.parametrize(("alpha", "left"), [(0, 255), (255, 0), (51, 204)])
def test_transparency_is_laid_over_white(alpha: int, left: int) -> None:
    for image in (Image.new("RGBA", (1, 1), (0, 0, 0, alpha)), Image.new("LA", (1, 1), (0, alpha))):
        assert load_image(saved(image, "PNG")).flatten().tolist() == [left] * 3
    array = np.array([[[0, 0, 0, alpha]]], np.uint8)
    assert load_image(array).flatten().tolist() == [left] * 3


def test_a_transparent_color_of_a_palette_or_of_gray_is_white() -> None:
    palette = picture().quantize(4)
    index = palette.getpixel((0, 0))
    assert isinstance(index, int)
    assert load_image(saved(palette, "PNG", transparency=index))[:, 0, 0].tolist() == [255] * 3
    gray = Image.new("L", (1, 1), 7)
    assert load_image(saved(gray, "PNG", transparency=7)).flatten().tolist() == [255] * 3


@pytest.mark.parametrize(("value", "byte"), [(0, 0), (128, 0), (129, 1), (257, 1), (32_896, 128), (65_535, 255)])
def test_16_bits_become_the_nearest_8(value: int, byte: int) -> None:
    array = np.full((2, 3), value, np.uint16)
    swapped = Image.frombytes("I;16B", (3, 2), array.astype(">u2").tobytes())
    sources: list[ImageSource] = [array, array.astype(">u2"), swapped]
    if value not in range(1, 256):  # which in 32 bits may as well be of 8
        sources.append(Image.fromarray(array.astype(np.int32)))
    for source in (*sources, saved(Image.fromarray(array), "PNG"), saved(swapped, "TIFF")):
        assert set(load_image(source).flatten().tolist()) == {byte}


def png_of_16_bits(kind: int, *samples: int) -> bytes:
    """Return a PNG of one pixel, which Pillow does not write; kind 0 is gray, 4 with alpha, 2 colour, 6 with alpha."""
    parts = {
        b"IHDR": struct.pack(">IIBBBBB", 1, 1, 16, kind, 0, 0, 0),
        b"IDAT": zlib.compress(b"\0" + struct.pack(f">{len(samples)}H", *samples)),
        b"IEND": b"",
    }
    chunks = [struct.pack(">I", len(data)) + name + data for name, data in parts.items()]
    return PNG[:8] + b"".join(chunk + struct.pack(">I", zlib.crc32(chunk[4:])) for chunk in chunks)


@pytest.mark.parametrize(("value", "nearest", "upper"), [(200, 1, 0), (33_000, 128, 128), (65_024, 253, 254)])
def test_of_16_bits_in_colour_or_with_alpha_pillow_reads_the_upper_byte(value: int, nearest: int, upper: int) -> None:
    assert load_image(png_of_16_bits(0, value)).flatten().tolist() == [nearest] * 3
    for kind, samples in ((4, [value, 65_535]), (2, [value] * 3), (6, [value] * 3 + [65_535])):
        assert load_image(png_of_16_bits(kind, *samples)).flatten().tolist() == [upper] * 3


def test_a_bool_array_is_black_and_white_and_gray_has_three_equal_planes() -> None:
    assert load_image(np.array([[True, False]]))[0].tolist() == [[255, 0]]
    assert load_image(np.array([[3, 4]], np.uint8)).tolist() == [[[3, 4]]] * 3


@pytest.mark.parametrize(("orientation", "corner"), list(enumerate(["tl", "tr", "br", "bl"] * 2, 1)))
def test_the_rotation_of_exif_is_carried_out(orientation: int, corner: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = load_image(saved(picture(), "PNG", exif=exif))
    row, column = {"t": 0, "b": -1}[corner[0]], {"l": 0, "r": -1}[corner[1]]
    assert image[:, row, column].tolist() == list(RED)
    assert image.shape[1:] == ((HEIGHT, WIDTH) if orientation < 5 else (WIDTH, HEIGHT))


def test_exif_that_cannot_be_read_counts_as_none() -> None:
    broken = saved(picture(), "PNG", exif=b"Exif\0\0no such thing")
    assert torch.equal(load_image(broken), EXPECTED)


def png_header(width: int, height: int) -> bytes:
    """Return a PNG of one pixel whose header says another size, so that no test needs gigabytes."""
    data = bytearray(saved(Image.new("L", (1, 1)), "PNG"))
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize(
    ("width", "height"), [(30_000, 30_000), (10_000, 9_990), (MAX_PIXELS + 1, 1), (12_000, 12_000)]
)
def test_too_many_pixels_are_refused_before_any_is_decoded(width: int, height: int) -> None:
    with pytest.raises(ImageError, match=r"pixels.*make (it|the picture) smaller"):
        load_image(png_header(width, height))


def frames(form: str) -> bytes:
    return saved(
        picture(),
        form,
        save_all=True,
        append_images=[Image.new("RGB", (WIDTH, HEIGHT), color) for color in ("blue", "black")],
    )


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_several_frames_are_refused_but_for_a_pillow_image_at_one_of_them(form: str) -> None:
    with pytest.raises(ImageError, match=rf"{form} of 3 frames; save the one you mean as a PNG, or give a Pillow"):
        load_image(frames(form))
    with Image.open(io.BytesIO(frames(form))) as image:
        image.seek(1)
        blue = load_image(image)[:, 2, 2].tolist()
    assert blue[2] > 200
    assert blue[0] < 60


def test_a_picture_of_a_phone_with_a_preview_is_its_first_frame() -> None:
    pixel = load_image(frames("MPO"))[:, 4, 6].int()
    assert (pixel - torch.tensor(GREEN)).abs().max() < 60


BAD_FILES = {
    "empty.png": (b"", "empty, 0 bytes"),
    "text.png": (b"hello there\n", "not a picture: text, which starts with b'hello there"),
    "noise.png": (bytes(range(40)), "not a picture: no format that Pillow reads"),
    "lfs.png": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "run `git lfs pull`"),
    "drawing.png": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "export it as PNG"),
    "phone.jpg": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
    "page.png": (b"%PDF-1.7\n", "a PDF"),
    "start.png": (PNG[:10], "a PNG that was cut short"),
    "half.png": (PNG[:60], "damaged or cut short"),
    "script.eps": (saved(picture(), "EPS"), "EPS, a PostScript program, is not run"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_is_no_picture_is_refused_by_name(tmp_path: Path, name: str) -> None:
    content, reason = BAD_FILES[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageError) as caught:
        load_image(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none.png", "cannot be opened: No such file or directory; give the path of a picture"),
        (".", "a directory"),
        ("a\0b.png", "cannot be opened"),
        ("n" * 300 + ".png", "cannot be opened"),
    ],
)
def test_a_path_without_a_file_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        load_image(tmp_path / name)


def test_an_address_and_a_device_are_refused() -> None:
    with pytest.raises(ImageError, match="web address"):
        load_image("https://example.org/cat.png")
    with pytest.raises(ImageError, match="not a regular file"):
        load_image("/dev/zero")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (np.zeros((3, 5, 7), np.uint8), r"shape \[3, 5, 7\]; give \[height width\]"),
        (np.zeros(5, np.uint8), r"shape \[5\]"),
        (np.zeros((0, 5), np.uint8), "at least 1x1"),
        (np.zeros((2, 2), np.int64), "values of int64"),
        (np.full((2, 2), np.nan), "not finite"),
        (np.full((2, 2), np.inf, np.float32), "not finite"),
        (np.full((2, 2), 255.0), "floats from 255 to 255; give floats from 0 to 1"),
        (np.full((2, 2), -0.5), "floats from -0.5"),
        (Image.fromarray(np.full((2, 2), 70_000, np.int32)), "whole numbers from 70000 to 70000"),
        (Image.fromarray(np.full((2, 2), 200, np.int32)), "up to 200, where white is 65535"),
        (Image.new("F", (2, 2), 7.0), "floats from 7 to 7"),
        (torch.zeros(1, 5, 7), r"shape \[1, 5, 7\]; give \[3 height width\]"),
        (torch.zeros(3, 0, 7), "at least 1x1"),
        (torch.zeros(3, 5, 7, dtype=torch.int64), "values of torch.int64"),
        (torch.full((3, 5, 7), torch.nan), "not finite"),
        (torch.full((3, 5, 7), 2.0), "floats from 2 to 2"),
        ([1, 2], "expected a path, bytes, .* got list"),
        (None, "got NoneType"),
    ],
)
def test_values_that_are_no_picture_are_refused(source: Any, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        load_image(source)


FORMS = [
    ("PNG", {}),
    ("JPEG", {}),
    ("JPEG", {"progressive": True}),
    ("GIF", {}),
    ("BMP", {}),
    ("WEBP", {}),
    ("TIFF", {}),
]


@given(st.sampled_from(FORMS), st.floats(0, 1, exclude_max=True))
def test_a_file_cut_anywhere_is_whole_or_refused(form: tuple[str, dict[str, Any]], share: float) -> None:
    content = saved(picture().resize((40, 30)), form[0], **form[1])
    whole = load_image(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Pillow, which then raises or reads on
        try:
            image = load_image(content[: int(share * len(content))])
        except ImageError:
            return
    assert torch.equal(image, whole)


@given(st.binary(max_size=200), st.sampled_from([b"", PNG[:33], b"GIF89a", b"BM", b"\xff\xd8\xff", b"II*\0", b"P6 "]))
def test_any_bytes_are_a_picture_or_refused(noise: bytes, start: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            assert load_image(start + noise).shape[0] == 3
        except ImageError:
            return


def test_a_letterbox_keeps_proportions_and_brings_boxes_back() -> None:
    image = torch.full((3, 10, 20), 200, dtype=torch.uint8)
    fitted = fit(image, 40, 40)
    assert fitted.pixels[0, :, 5].tolist() == [128] * 10 + [200] * 20 + [128] * 10
    assert fitted.on_original(torch.tensor([[0.0, 10, 40, 30]])).tolist() == [[0, 0, 20, 10]]


def test_stretching_fills_the_size() -> None:
    fitted = fit(torch.full((3, 10, 20), 200, dtype=torch.uint8), 30, 40, "stretch")
    assert set(fitted.pixels.flatten().tolist()) == {200}
    assert fitted.scale == (2, 3)
    assert fitted.on_original(torch.tensor([40.0, 30, 40, 30])).tolist() == [20, 10, 20, 10]


def test_a_picture_that_fits_is_not_copied() -> None:
    assert fit(EXPECTED, HEIGHT, WIDTH).pixels is EXPECTED


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 60), st.integers(1, 60))
def test_a_fitted_picture_has_the_size_and_its_corners_come_back(rows: int, columns: int, high: int, wide: int) -> None:
    for fitted in (
        fit(torch.zeros(3, rows, columns, dtype=torch.uint8), high, wide, way) for way in ("letterbox", "stretch")
    ):
        assert fitted.pixels.shape == (3, high, wide)
        inner = (columns * fitted.scale[0], rows * fitted.scale[1])
        box = torch.tensor([fitted.left_px, fitted.top_px, fitted.left_px + inner[0], fitted.top_px + inner[1]])
        assert torch.allclose(fitted.on_original(box), torch.tensor([0.0, 0, columns, rows]), atol=1e-3)


def test_another_way_of_fitting_is_refused() -> None:
    with pytest.raises(ValueError, match="expected letterbox or stretch"):
        way: Any = "crop"
        fit(EXPECTED, 3, 3, way)


def array_images() -> st.SearchStrategy[NDArray[np.uint8]]:
    return st.binary(min_size=2 * 3 * 3, max_size=2 * 3 * 3).map(
        lambda data: np.frombuffer(data, np.uint8).reshape(2, 3, 3).copy()
    )


@given(array_images(), st.sampled_from(["PNG", "BMP", "TIFF", "PPM", "TGA"]))
def test_files_without_loss_give_back_the_array(array: NDArray[np.uint8], form: str) -> None:
    content = saved(Image.fromarray(array), form)
    assert torch.equal(load_image(content), load_image(array))
