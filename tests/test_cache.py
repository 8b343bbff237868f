"""The cache of features: nothing is computed twice, nothing damaged is used, nothing is lost."""

import multiprocessing
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import Tensor

from nmn.errors import CacheError, ConfigError
from nmn.vision import cache as cache_module
from nmn.vision.backbone import Backbone, build_backbone
from nmn.vision.cache import FeatureCache, image_digest

IMAGES = torch.randint(0, 256, (7, 3, 12, 20), dtype=torch.uint8, generator=torch.Generator().manual_seed(3))


class Counter:
    """Makes features of digits, and counts the images that it was asked for."""

    def __init__(self, digests: list[str]) -> None:
        self.digests, self.asked, self.calls = digests, 0, 0

    def __call__(self, missing: list[int]) -> Tensor:
        self.asked, self.calls = self.asked + len(missing), self.calls + 1
        return torch.tensor([float(self.digests[place]) for place in missing]).view(-1, 1, 1, 1).expand(-1, 2, 3, 5)


def ask(cache: FeatureCache, digests: list[str]) -> int:
    """Ask for features, check that they are right, and return for how many images they were computed."""
    counter = Counter(digests)
    features = cache.features(digests, counter)
    assert features.shape == (len(digests), 2, 3, 5)
    assert features[:, 1, 2, 4].tolist() == [float(digest) for digest in digests]
    assert counter.calls <= 1
    return counter.asked


def backbone() -> Backbone:
    torch.manual_seed(0)
    return build_backbone(widths=(5,), strides=(4,), frozen=True)


def seen(cache: FeatureCache, network: Backbone, images: Tensor) -> Tensor:
    """Return features of images from a cache, those that it lacks from a network."""
    return cache.features([image_digest(image) for image in images], lambda at: network(images[at].float() / 255))


def count_calls(network: Backbone) -> list[int]:
    calls: list[int] = []
    network.body.register_forward_hook(lambda _module, inputs, _output: calls.append(len(inputs[0])))
    return calls


@pytest.mark.parametrize("stored", ["float32", "float16"])
def test_a_second_run_over_the_same_images_computes_no_cnn(tmp_path: Path, stored: str) -> None:
    first, second = backbone(), backbone()
    calls = count_calls(first), count_calls(second)
    features = seen(FeatureCache.of(first, tmp_path, stored), first, IMAGES)
    again = seen(FeatureCache.of(second, tmp_path, stored), second, IMAGES.flip(0))
    assert calls == ([7], [])
    assert torch.equal(again.flip(0), features)
    assert torch.allclose(features, first(IMAGES.float() / 255), atol=0 if stored == "float32" else 0.01)


def test_only_what_is_missing_is_computed_and_each_image_once(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, "a")
    assert ask(cache, ["1", "2"]) == 2
    assert ask(cache, ["3", "2", "3", "1", "4"]) == 2
    assert ask(cache, ["4", "1", "4"]) == 0
    assert len(cache) == 4


@given(st.lists(st.lists(st.integers(0, 30).map(str), min_size=1, max_size=9), max_size=6))
def test_whatever_is_asked_comes_back_and_is_computed_once(batches: list[list[str]]) -> None:
    with TemporaryDirectory() as folder:
        cache = FeatureCache(folder, "a")
        computed = sum(ask(cache, batch) for batch in batches)
        assert computed == len({digest for batch in batches for digest in batch})
        assert all(ask(FeatureCache(folder, "a"), batch) == 0 for batch in batches)


def test_other_weights_and_other_pixels_share_nothing(tmp_path: Path) -> None:
    network = backbone()
    seen(FeatureCache.of(network, tmp_path), network, IMAGES)
    with torch.no_grad():
        next(network.parameters()).mul_(2)
    calls = count_calls(network)
    seen(FeatureCache.of(network, tmp_path), network, IMAGES)
    assert calls == [7]
    assert len({image_digest(image) for image in [*IMAGES, IMAGES[0].transpose(1, 2), IMAGES[0].view(3, 20, 12)]}) == 9


def test_a_backbone_that_is_trained_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"small .* cannot be kept; freeze it"):
        FeatureCache.of(build_backbone(), tmp_path)
    with pytest.raises(ConfigError, match="expected float32 or float16, got 'int8'"):
        FeatureCache(tmp_path, "a", "int8")


def shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*.safetensors"))


def shard_content() -> bytes:
    """Return the file of images 1 and 2."""
    with TemporaryDirectory() as folder:
        ask(FeatureCache(folder, "a"), ["1", "2"])
        return shards(Path(folder))[0].read_bytes()


SHARD = shard_content()


@pytest.mark.parametrize("place", [-1, -61, -200])
def test_a_damaged_row_is_computed_again_and_replaced(tmp_path: Path, place: int) -> None:
    ask(FeatureCache(tmp_path, "a"), ["1", "2", "3"])
    (path,) = shards(tmp_path)
    content = bytearray(path.read_bytes())
    content[place] ^= 255
    path.write_bytes(content)
    assert ask(FeatureCache(tmp_path, "a"), ["1", "2", "3"]) == 1
    assert ask(FeatureCache(tmp_path, "a"), ["1", "2", "3"]) == 0


@pytest.mark.parametrize("content", [b"", b"hello", b"\x02\0\0\0\0\0\0\0{}", None])
def test_a_file_that_is_no_shard_is_replaced(tmp_path: Path, content: bytes | None) -> None:
    ask(FeatureCache(tmp_path, "a"), ["1", "2", "3"])
    (path,) = shards(tmp_path)
    path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    assert ask(FeatureCache(tmp_path, "a"), ["1", "2", "3"]) == 3
    assert not path.exists()
    assert ask(FeatureCache(tmp_path, "a"), ["1", "2", "3"]) == 0


@given(st.integers(0, 10_000), st.integers(1, 255))
@example(SHARD.index(b'\\"1\\"') + 2, ord("1") ^ ord("2"))  # row 0 says that it is image 2's
@example(SHARD.index(b'\\"2\\"') + 2, ord("1") ^ ord("2"))
def test_no_changed_byte_changes_a_feature(place: int, change: int) -> None:
    with TemporaryDirectory() as folder:
        ask(FeatureCache(folder, "a"), ["1", "2"])
        (path,) = shards(Path(folder))
        content = bytearray(path.read_bytes())
        content[place % len(content)] ^= change
        path.write_bytes(content)
        ask(FeatureCache(folder, "a"), ["1", "2"])
        assert ask(FeatureCache(folder, "a"), ["1", "2"]) == 0


def test_a_folder_that_is_deleted_meanwhile_is_filled_again(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, "a")
    ask(cache, ["1"])
    cache = FeatureCache(tmp_path, "a")
    shards(tmp_path)[0].unlink()
    assert ask(cache, ["1"]) == 1
    assert ask(cache, ["1"]) == 0


def test_what_another_process_computed_is_found(tmp_path: Path) -> None:
    one, other = FeatureCache(tmp_path, "a"), FeatureCache(tmp_path, "a")
    assert ask(one, ["1", "2"]) == 2
    assert ask(other, ["2", "3"]) == 1
    assert ask(one, ["1", "2", "3"]) == 0


def test_a_copy_for_another_process_reads_the_same_folder(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, "a", "float16")
    ask(cache, ["1"])
    assert ask(pickle.loads(pickle.dumps(cache)), ["1"]) == 0


def fill(folder: str, start: int) -> None:
    cache = FeatureCache(folder, "a")
    for place in range(start, start + 20):
        ask(cache, [str(place), str(place + 1)])


def test_processes_fill_one_folder_together(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=fill, args=(str(tmp_path), start)) for start in (0, 5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert ask(FeatureCache(tmp_path, "a"), [str(place) for place in range(26)]) == 0


def test_threads_share_a_cache(tmp_path: Path) -> None:
    cache, failed = FeatureCache(tmp_path, "a"), []

    def run(start: int) -> None:
        try:
            for place in range(start, start + 20):
                ask(cache, [str(place), str(place + 1)])
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(start,)) for start in (0, 5, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len(cache) == 31


def test_more_shards_than_open_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "MAX_OPEN", 2)
    for place in range(5):
        ask(FeatureCache(tmp_path, "a"), [str(place)])
    cache = FeatureCache(tmp_path, "a")
    for _ in range(2):
        assert ask(cache, [*"01234"]) == 0
    assert len(cache._maps) == 2


def test_a_full_disk_is_one_clear_error_and_loses_nothing(tmp_path: Path) -> None:
    ask(FeatureCache(tmp_path, "a"), ["1"])
    code = (
        "import resource, torch; from nmn.vision.cache import FeatureCache\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        f"FeatureCache({str(tmp_path)!r}, 'a').features(['2'], lambda places: torch.zeros(1, 2, 30, 50))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "CacheError" in result.stderr
    assert "cannot be written: File too large; what was cached before is as it was: free some space" in result.stderr
    assert len(list((tmp_path / "a-float32").iterdir())) == 1
    assert ask(FeatureCache(tmp_path, "a"), ["1", "2"]) == 1


def test_a_place_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CacheError, match="cannot be written: Not a directory"):
        FeatureCache(tmp_path / "file", "a")


def test_parts_of_killed_processes_are_deleted_once_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = tmp_path / "a-float32" / ".x.safetensors.1.part"
    part.parent.mkdir()
    part.touch()
    FeatureCache(tmp_path, "a")
    assert part.exists()
    monkeypatch.setattr(cache_module, "STALE_SECONDS", -1)
    FeatureCache(tmp_path, "a")
    assert not part.exists()


def test_features_of_several_shapes_in_one_batch_are_refused(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, "a")
    ask(cache, ["1"])
    with pytest.raises(CacheError, match="give images of one size"):
        cache.features(["1", "2"], lambda _: torch.zeros(1, 2, 9, 9))


def test_a_computation_that_fails_stores_nothing(tmp_path: Path) -> None:
    def fail(_: list[int]) -> Any:
        raise RuntimeError("out of memory")

    cache = FeatureCache(tmp_path, "a")
    with pytest.raises(RuntimeError, match="out of memory"):
        cache.features(["1"], fail)
    assert ask(cache, ["1"]) == 1
