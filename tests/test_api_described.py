"""The description of the API: every answer is as it says."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

pytest.importorskip("fastapi", reason="the extra serve is not installed")
pytest.importorskip("httpx2", reason="the extra e2e is not installed")

from starlette.testclient import TestClient

from nmn.app import told
from nmn.app.api import build_app
from nmn.app.datasets import browse
from nmn.app.runs import Runs
from nmn.models.baselines import save_baseline
from synth_data.config import load_config
from synth_data.write import write_dataset
from tests.systems import small, speaking_captioner

DEMO, TOWERS = {"bundled": "demo"}, {"bundled": "towers"}
ASKED: list[tuple[str, dict[str, Any] | None, type[BaseModel]]] = [
    ("/health", None, told.Health),
    ("/api/models", None, told.Models),
    ("/api/ask", {"question": "is the purpel ring left of the star", "picture": DEMO}, told.Answered),
    ("/api/ask", {"question": "what color are the circles", "picture": DEMO, "run": "exact"}, told.Answered),
    ("/api/ask", {"question": "there is a tower with exactly three blocks", "picture": TOWERS}, told.Answered),
    ("/api/ask", {"question": "what is it", "picture": DEMO, "run": "runs/attends"}, told.Answered),
    ("/api/describe", {"text": "is it red", "picture": DEMO, "run": "runs/near"}, told.Similarity),
    ("/api/describe", {"text": "", "picture": DEMO, "run": "runs/says"}, told.Captioned),
    ("/api/parse", {"question": "is there a purpel "}, told.Help),
    ("/api/parse", {"question": "is there a ", "run": "world"}, told.Help),
    ("/api/scene", {"preset": "world", "seed": 3}, told.Shown),
    ("/api/picture", TOWERS, told.Shown),
    ("/api/dataset", None, told.Table),
    ("/api/dataset/examples", None, told.Listed),
    ("/api/ask", {"question": "is there a the", "picture": DEMO}, told.Failure),
    ("/api/ask", {"question": 3, "picture": DEMO}, told.Failure),
    ("/nothing", None, told.Failure),
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server with runs of every sort and a dataset."""
    folder = tmp_path_factory.mktemp("described")
    write_dataset(load_config("world", size=4, seed=3, images="npy", shard_size=4, pixels=128), folder / "data")
    systems = {"near": small("dual_encoder"), "attends": small("soft_attention"), "says": speaking_captioner()}
    for name, system in systems.items():
        save_baseline(folder / "runs" / name / "network.safetensors", system, {"about": "a test"})
    browsed = browse(folder / "data", None, 4)
    with TestClient(build_app(Runs(folder / "runs"), browsed), base_url="http://localhost") as found:
        yield found


@pytest.mark.parametrize(("path", "body", "model"), ASKED)
def test_every_answer_is_as_it_is_described(
    client: TestClient, path: str, body: dict[str, Any] | None, model: type[BaseModel]
) -> None:
    response = client.get(path) if body is None else client.post(path, json=body)
    assert (response.status_code >= 400) == (model is told.Failure), response.text
    model.model_validate(response.json())


def test_every_route_describes_its_answer_and_its_errors(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    routes = [(path, route) for path, methods in described["paths"].items() for route in methods.values()]
    assert {path for path, _, _ in ASKED} - {"/nothing"} == {path for path, _ in routes}
    for _, route in routes:
        assert route["summary"] and {"200", "4XX", "503"} <= set(route["responses"])
        schemas = [answer["content"]["application/json"]["schema"] for answer in route["responses"].values()]
        assert all("$ref" in schema or "anyOf" in schema for schema in schemas)
