"""The explorer's API: what it answers, and what it refuses."""

import base64
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="the extra serve is not installed")
pytest.importorskip("httpx2", reason="the extra e2e is not installed")

from starlette.testclient import TestClient

import nmn
from nmn.app.api import build_app
from nmn.app.asked import Parse
from nmn.app.datasets import Browsed, Item, browse
from nmn.app.limits import UNEXPECTED, Limits
from nmn.app.pictures import Seen
from nmn.app.runs import Run, Runs
from nmn.app.typing_help import help_json, knows
from nmn.checkpoint import weights_file
from nmn.errors import ConfigError, DataError
from nmn.language.complete import completions
from nmn.language.grammar import load_grammar
from nmn.lexicon import load_lexicon
from nmn.models.baselines import save_baseline
from nmn.models.build import save_network
from nmn.resources import SCENES
from nmn.scene import read_scene
from nmn.vision.image import load_image
from synth_data.config import load_config
from synth_data.write import write_dataset
from tests.networks import object_network
from tests.systems import save_small_clip, small, speaking_captioner

QUESTION = "What color is the large shape left of the star?"
DEMO = {"bundled": "demo"}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(build_app(limits=Limits(objects=40)), base_url="http://localhost") as found:
        yield found


def asked(client: TestClient, question: str, picture: dict[str, Any], **more: Any) -> dict[str, Any]:
    response = client.post("/api/ask", json={"question": question, "picture": picture, **more})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def png(pixels: Any) -> str:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return base64.b64encode(content.getbuffer()).decode()


def test_an_answer_is_the_one_that_the_library_gives(client: TestClient) -> None:
    answer = nmn.load(device="cpu").ask(SCENES / "demo.png", QUESTION)
    found = asked(client, QUESTION, DEMO)
    assert (found["answer"], found["layout"]) == (str(answer), str(answer.layout))
    assert found["confidence"] == pytest.approx(answer.confidence)
    assert [call["label"] for call in found["calls"]][-1] == "describe[color]"
    assert found["exact"] == {"text": "blue", "agrees": True, "boxes": []}
    assert all(call["exact"]["agrees"] for call in found["calls"])
    assert found["calls"][0]["words"] == ["large"]


def test_every_region_of_an_answer_covers_pixels_of_the_picture(client: TestClient) -> None:
    found = asked(client, QUESTION, DEMO)
    owners = found["owners"]
    runs = np.array(owners["runs"]).reshape(-1, 2)
    assert runs[:, 1].sum() == owners["width"] * owners["height"]
    assert set(runs[:, 0]) == set(range(len(found["regions"]) + 1))


def test_an_upload_is_answered_as_the_file_is(client: TestClient) -> None:
    content = base64.b64encode((SCENES / "demo.png").read_bytes()).decode()
    assert asked(client, QUESTION, {"upload": content})["answer"] == "blue"


def test_a_scene_is_the_same_for_the_same_preset_and_seed(client: TestClient) -> None:
    one, again, other = (
        client.post("/api/scene", json={"preset": "shapeworld", "seed": seed}).json() for seed in (4, 4, 5)
    )
    assert one == again and one["scene"] != other["scene"]


def test_an_edited_scene_changes_the_answer(client: TestClient) -> None:
    scene = client.post("/api/picture", json=DEMO).json()["scene"]
    before = asked(client, "how many blue shapes are there", {"scene": {"preset": "world", "scene": scene}})
    scene["objects"][0]["attributes"]["color"] = "blue"
    after = asked(client, "how many blue shapes are there", {"scene": {"preset": "world", "scene": scene}})
    assert (before["answer"], after["answer"]) == ("2", "3")
    assert after["exact"]["agrees"]


def test_what_hides_what_follows_an_edit(client: TestClient) -> None:
    shapes = [
        {"attributes": {"shape": "square", "color": color}, "box": box}
        for color, box in (("red", [10, 10, 30, 30]), ("blue", [20, 20, 40, 40]))
    ]
    scene = {"objects": shapes, "width": 64, "height": 64, "relations": {"in_front_of": [[], []], "behind": [[], []]}}
    found = client.post("/api/scene", json={"scene": scene}).json()
    assert found["scene"]["relations"] == {"in_front_of": [[1], []], "behind": [[], [0]]}


def test_a_call_that_is_not_as_exactly_is_marked(client: TestClient) -> None:
    """Of a scene whose picture shows something else than it says, the network says what it sees."""
    scene = client.post("/api/picture", json=DEMO).json()["scene"]
    scene["objects"][0]["box"] = scene["objects"][1]["box"]
    found = asked(client, "how many circles are there", {"scene": {"preset": "world", "scene": scene}})
    wrong = [call["label"] for call in found["calls"] if not call["exact"]["agrees"]]
    assert wrong[0] == "find[circle]"


def test_pictures_of_nlvr_are_judged_by_its_reader(client: TestClient) -> None:
    found = asked(client, "there is a tower with exactly three blocks", {"bundled": "towers"})
    assert (found["run"], found["answer"], len(found["panels"])) == ("nlvr", "yes", 3)


def test_a_question_that_cannot_be_read_says_where(client: TestClient) -> None:
    response = client.post("/api/ask", json={"question": "is the purpel circle left of", "picture": DEMO})
    error = response.json()["error"]
    assert response.status_code == 422 and (error["start"], error["end"]) == (7, 13)
    assert error["suggestion"] == "is the purple circle left of"


def test_the_page_may_have_errors_inline(client: TestClient) -> None:
    response = client.post("/api/parse", json={"question": 3}, headers={"nmn-errors": "inline"})
    assert response.status_code == 200 and response.json()["error"]["message"].startswith("question:")


def test_a_question_that_is_typed_is_read_and_completed(client: TestClient) -> None:
    found = client.post("/api/parse", json={"question": "is there a red circle"}).json()
    assert found["readings"][0]["layout"] == "exists(and(find[red], find[circle]))" and found["complete"]
    half = client.post("/api/parse", json={"question": "is there a red ci"}).json()
    assert [one["text"] for one in half["completions"]] == ["circle", "circles", "circular"]
    assert half["problem"]["start"] == 15


def test_completions_that_a_run_has_not_learned_are_marked_and_come_last(tmp_path: Path) -> None:
    save_baseline(tmp_path / "film.safetensors", small("film"), {})
    runs = Runs(tmp_path)
    found = help_json(Parse(question="is there a ", run="runs/film.safetensors"), runs)["completions"]
    assert [one["text"] for one in found if one["known"] and one["group"] == "an adjective"] == ["red", "blue", "round"]
    assert [one["known"] for one in found] == sorted((one["known"] for one in found), reverse=True)
    assert all(one["known"] for one in help_json(Parse(question="is there a "), runs)["completions"])
    whole = help_json(Parse(question="is there a ", run="exact"), runs)["completions"]
    assert all(one["known"] for one in whole)


def test_words_of_a_runs_own_lexicon_are_read_and_offered_as_they_are_typed(tmp_path: Path) -> None:
    lexicon = tmp_path / "my words.toml"
    lexicon.write_text('extends = "world"\n[attributes.shape.values]\nzorb = ["zorb"]\n', encoding="utf-8")
    save_network(tmp_path / "mine.safetensors", object_network().speaking(str(lexicon)), {})
    runs = Runs(tmp_path)
    found = help_json(Parse(question="is there a zorb", run="runs/mine.safetensors"), runs)
    assert found["problem"] is None and found["readings"][0]["layout"] == "exists(find[zorb])"
    half = help_json(Parse(question="is there a zo", run="runs/mine.safetensors"), runs)
    assert [one["text"] for one in half["completions"]] == ["zorb", "zorbs"]
    assert help_json(Parse(question="is there a zorb", run="world"), runs)["problem"] is not None


@pytest.mark.parametrize(
    ("text", "known"), [("circles", True), ("disc", True), ("star", False), ("thing", True), ("two", True)]
)
def test_a_module_network_knows_every_word_for_the_names_it_learned(text: str, known: bool) -> None:
    run = Run("mine", "network", "world", names=frozenset({"circle", "shape"}))
    (one,) = [one for one in completions("there are ", load_grammar("world"))[0] if one.text == text]
    assert knows(run, one, load_lexicon("world")) is known


def test_runs_are_found_in_a_folder_and_asked_by_name(tmp_path: Path) -> None:
    for place in ("mine/network.safetensors", "deep/yours/network.safetensors", "mine/state.safetensors"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(weights_file("world"), tmp_path / place)
    (tmp_path / "broken.safetensors").write_bytes(b"no weights")
    with TestClient(build_app(Runs(tmp_path)), base_url="http://localhost") as client:
        names = [run["name"] for run in client.get("/api/models").json()["runs"]]
        assert names == ["exact", "world", "nlvr", "runs/deep/yours", "runs/mine"]
        assert asked(client, QUESTION, DEMO, run="runs/mine")["answer"] == "blue"


def test_of_a_comparison_the_runs_are_found_and_not_what_was_tried(tmp_path: Path) -> None:
    places = ("runs/film/world-500-0/network", "runs/film/world-500-0/pretrained", "tuning/film/0.001/network")
    for place in (*places, "runs/film/world-500-0/best", "backbone"):
        save_baseline((tmp_path / "small" / place).with_suffix(".safetensors"), small("film"), {})
    (tmp_path / "small" / "compare.json").write_text("{}", encoding="utf-8")
    assert list(Runs(tmp_path / "small").by_name)[3:] == ["runs/film/world-500-0"]
    assert list(Runs(tmp_path).by_name)[3:] == ["runs/small/film/world-500-0"]


def test_every_sort_of_run_is_listed_and_says_what_it_can(tmp_path: Path) -> None:
    for model in ("film", "soft_attention", "question_only", "dual_encoder"):
        save_baseline(tmp_path / model / "network.safetensors", small(model), {"notes": ["not shown"]})
    with TestClient(build_app(Runs(tmp_path)), base_url="http://localhost") as client:
        runs = {run["name"]: run for run in client.get("/api/models").json()["runs"]}
        assert {runs[f"runs/{model}"]["kind"] for model in ("film", "dual_encoder")} == {"film", "dual_encoder"}
        assert runs["runs/dual_encoder"]["does"] == "similarity" and not runs["runs/film"]["card"]
        found = asked(client, "what is it", DEMO, run="runs/soft_attention")
        assert found["layout"] is None and found["calls"][-1]["label"] == "answer"
        assert [node["picture"] is not None for node in found["graph"]["nodes"]] == [True] * (
            len(found["calls"]) - 1
        ) + [False]
        said = {"text": "is it red", "picture": DEMO, "run": "runs/dual_encoder"}
        near = client.post("/api/describe", json=said).json()
        assert -1 <= near["similarity"] <= 1 and 0 <= near["chance"] <= 1
        assert near["chance"] > 0.5 if near["similarity"] > near["denied"] else near["chance"] <= 0.5
        for body, reason in ((said | {"run": "world"}, "answers questions"), (said | {"text": "is it grene"}, "grene")):
            response = client.post("/api/describe", json=body)
            assert response.status_code == 422 and reason in response.json()["error"]["message"]
        refused = client.post("/api/ask", json={"question": "is it", "picture": DEMO, "run": "runs/dual_encoder"})
        assert refused.status_code == 422 and "answers no questions" in refused.json()["error"]["message"]


def test_a_captioner_says_a_sentence_with_where_it_looked_for_each_word(tmp_path: Path) -> None:
    save_baseline(tmp_path / "looks" / "network.safetensors", speaking_captioner(), {})
    with TestClient(build_app(Runs(tmp_path)), base_url="http://localhost") as client:
        said = {"text": "is it red", "picture": DEMO, "run": "runs/looks"}
        found = client.post("/api/describe", json=said).json()
    assert found["words"] and found["caption"].split() == found["words"]
    assert len(found["attention"]) == len(found["words"])
    assert all(len(word) == len(found["regions"]) for word in found["attention"])


def test_real_clip_in_a_folder_is_a_run_that_compares_any_text_with_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="the extra vl is not installed")
    (tmp_path / "clip").mkdir()
    save_small_clip(tmp_path / "clip")
    (tmp_path / "other").mkdir()
    shutil.copy(tmp_path / "clip" / "model.safetensors", tmp_path / "other")
    with TestClient(build_app(Runs(tmp_path)), base_url="http://localhost") as client:
        runs = {run["name"]: run for run in client.get("/api/models").json()["runs"]}
        assert runs["runs/clip"]["does"] == "similarity" and "runs/other" not in runs
        near = client.post("/api/describe", json={"text": "a photo", "picture": DEMO, "run": "runs/clip"}).json()
        other = client.post("/api/describe", json={"text": "zebras", "picture": DEMO, "run": "runs/clip"}).json()
    assert -1 <= near["similarity"] <= 1 and near["similarity"] != other["similarity"]
    assert near["chance"] > 0.5 if near["similarity"] > near["denied"] else near["chance"] <= 0.5


def test_a_dataset_is_asked_and_its_cells_open_what_they_count(tmp_path: Path) -> None:
    config = load_config("world", size=12, seed=3, images="npy", shard_size=8, pixels=128)
    write_dataset(config, tmp_path / "data")
    runs, browsed = Runs(), browse(tmp_path / "data", None, 9)
    while browsed.ask_next(runs):
        pass
    with TestClient(build_app(runs, browsed), base_url="http://localhost") as client:
        table = client.get("/api/dataset").json()
        assert table["examples"] == table["asked"] == sum(row["examples"] for row in table["rows"]) == 9
        for row in table["rows"]:
            for outcome in ("right", "wrong", "unread", "disagree"):
                query = {"family": row["family"], "outcome": outcome}
                assert client.get("/api/dataset/examples", params=query).json()["total"] == row[outcome]
        first = client.get("/api/dataset/examples").json()["examples"][0]
        assert asked(client, first["question"], {"example": 0})["answer"] == first["said"]
        assert client.post("/api/picture", json={"example": 9}).status_code == 404


def test_an_example_that_fails_unforeseen_is_noted_and_the_next_is_asked() -> None:
    def broken() -> Seen:
        raise RuntimeError("not foreseen")

    scene = read_scene(SCENES / "demo.json")
    pixels = load_image(SCENES / "demo.png")
    known = Seen(pixels, pixels, scene, "world", "world", "world")
    items = [Item("is there a star", "existence", "yes", seen) for seen in (broken, lambda: known)]
    browsed = Browsed("two", "exact", items)
    while browsed.ask_next(Runs()):
        pass
    assert [item.outcome for item in items] == ["unread", "right"] and items[0].error == UNEXPECTED


def test_a_folder_that_is_no_dataset_or_no_folder_of_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no dataset"):
        browse(tmp_path, None, 5)
    with pytest.raises(ConfigError, match="no such folder"):
        Runs(tmp_path / "none")


def test_the_api_describes_itself(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/api/ask", "/api/parse", "/api/scene", "/api/models", "/api/dataset", "/health"} <= set(paths)
    assert client.get("/docs").status_code == 404  # its page would load from elsewhere


def test_the_documentation_names_every_route(client: TestClient) -> None:
    text = (Path(__file__).parent.parent / "docs" / "serve.md").read_text(encoding="utf-8")
    for path in client.get("/openapi.json").json()["paths"]:
        assert f"`{path}`" in text, path


def test_the_page_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/").text
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "")
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert " style=" not in page and "<style" not in page and "onclick" not in page
    for name in ("explorer.js", "style.css", "icon.svg"):
        assert client.get(f"/{name}").status_code == 200


@pytest.mark.parametrize(
    "path", ["/../pyproject.toml", "/..%2f..%2fapi.py", "/api.py", "/page/index.html", "//etc/passwd"]
)
def test_no_path_of_a_request_is_opened(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("name", ["../nlvr", "/etc/passwd", "runs/none", "state.safetensors"])
def test_a_run_is_a_name_of_the_list_or_none(client: TestClient, name: str) -> None:
    response = client.post("/api/ask", json={"question": QUESTION, "picture": DEMO, "run": name})
    assert response.status_code == 422 and "no run" in response.json()["error"]["message"]


def test_a_scene_of_an_unknown_world_opens_no_lexicon(client: TestClient) -> None:
    scene = {"objects": [], "width": 9, "height": 9, "world": "pyproject"}
    response = client.post("/api/scene", json={"scene": scene})
    assert response.status_code == 422 and "no world" in response.json()["error"]["message"]


@pytest.mark.parametrize(("edit", "told"), [
    ({"color": "mauve"}, 'objects[0].attributes.color: unknown value "mauve"'), ({"shape": "circl"}, '"circle"'),
    ({"colr": "red"}, 'unknown attribute "colr"; did you mean "color"?'), ({"color": "circle"}, 'value "circle"'),
])  # fmt: skip
def test_a_word_that_no_scene_of_the_world_has_is_named(client: TestClient, edit: dict[str, str], told: str) -> None:
    scene = json.loads((SCENES / "demo.json").read_text(encoding="utf-8"))
    scene["objects"][0]["attributes"] |= edit
    for path, body in (
        ("scene", {"scene": scene}),
        ("ask", {"question": QUESTION, "picture": {"scene": {"preset": "world", "scene": scene}}}),
    ):
        response = client.post(f"/api/{path}", json=body)
        assert response.status_code == 422 and told in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://localhost"}, 200),
        ({"host": "127.0.0.1:8000"}, 200),
        ({"host": "[::1]:8000"}, 200),
    ],
)
def test_other_sites_are_kept_out(client: TestClient, headers: dict[str, str], status: int) -> None:
    assert client.get("/health", headers=headers).status_code == status


def test_what_is_too_large_is_refused(client: TestClient) -> None:
    long = client.post("/api/parse", json={"question": "a" * 501})
    assert long.status_code == 422
    body = client.post("/api/ask", content=b"x" * 11_000_001, headers={"content-type": "application/json"})
    assert body.status_code == 413
    streamed = client.post("/api/ask", content=(b"x" * 1_000_000 for _ in range(12)))
    assert streamed.status_code == 413
    flat = client.post("/api/picture", json={"upload": png(np.zeros((4001, 4000), np.uint8))})
    assert flat.status_code == 422 and "16,004,000 pixels" in flat.json()["error"]["message"]
    crowd = {"width": 64, "height": 64, "objects": [{"attributes": {}, "box": [0, 0, 1, 1]}] * 41}
    assert client.post("/api/scene", json={"scene": crowd}).status_code == 422


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"<svg/>", b"GIF89a"])
def test_a_file_that_is_no_picture_is_named_so(client: TestClient, content: bytes) -> None:
    response = client.post("/api/picture", json={"upload": base64.b64encode(content).decode()})
    message = response.json()["error"]["message"]
    assert response.status_code == 422 and message.startswith("upload:") and "Traceback" not in message


def test_an_unexpected_error_shows_nothing_of_the_code(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret of the code")

    monkeypatch.setattr("nmn.app.api.picture_json", broken)
    response = client.post("/api/picture", json=DEMO)
    assert response.status_code == 500 and "secret" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"


def test_any_text_of_a_request_can_be_sent_back(client: TestClient) -> None:
    body = json.dumps({"question": "is there a \ud800", "picture": DEMO}).encode()
    response = client.post("/api/ask", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 422
