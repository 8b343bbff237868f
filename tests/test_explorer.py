"""The explorer's page in a real browser, without a window: the whole path, with no console error, nothing from outside.

Screenshots are kept in artifacts/explorer, to be looked at.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nmn.models.baselines import save_baseline
from nmn.resources import SCENES
from synth_data.config import load_config
from synth_data.write import write_dataset
from tests.systems import save_small_clip, small, speaking_captioner

pytest.importorskip("fastapi", reason="the extra serve is not installed")
pytest.importorskip("playwright", reason="the extra e2e is not installed")

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Request

ROOT = Path(__file__).parent.parent
SHOTS = ROOT / "artifacts" / "explorer"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--headless=new"]
READY_MS, STARTS_SECONDS = 30_000, 180


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium: the one that NMN_BROWSER names, the system's, or Playwright's own."""
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
        found = os.environ.get("NMN_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
        if found is None and not own.is_file():
            pytest.skip("no Chromium is installed: apt-get install chromium, or python -m playwright install chromium")
        opened = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with a dataset to browse, and runs of all sorts beside those that ship."""
    folder = tmp_path_factory.mktemp("explorer")
    write_dataset(load_config("world", size=8, seed=3, shard_size=8, pixels=128), folder / "data")
    (folder / "runs" / "mine").mkdir(parents=True)
    shutil.copy(ROOT / "nmn" / "weights" / "world.safetensors", folder / "runs" / "mine" / "network.safetensors")
    save_baseline(folder / "runs" / "looks" / "network.safetensors", speaking_captioner(), {})
    save_baseline(folder / "runs" / "near" / "network.safetensors", small("dual_encoder"), {})
    save_baseline(folder / "runs" / "film" / "network.safetensors", small("film"), {})
    if importlib.util.find_spec("transformers"):
        (folder / "runs" / "clip").mkdir()
        save_small_clip(folder / "runs" / "clip")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "nmn", "serve", "--port", str(port), "--data", str(folder / "data")]
    server = subprocess.Popen([*command, "--runs", str(folder / "runs")], cwd=ROOT)
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", server)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        assert server.wait(timeout=20) in (0, -15), "the server did not stop cleanly"


def _wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + STARTS_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A fresh page that has answered its first question; what it logs as an error or loads from outside fails."""
    context = browser.new_context(viewport={"width": 1360, "height": 1000}, color_scheme="light")
    opened = context.new_page()
    faults: list[str] = []

    def on_console(message: "ConsoleMessage") -> None:
        if message.type in ("error", "warning"):
            faults.append(f"{message.type}: {message.text}")

    def on_request(request: "Request") -> None:
        if not request.url.startswith((address, "data:")):
            faults.append(f"outside: {request.url}")

    opened.on("console", on_console)
    opened.on("pageerror", lambda error: faults.append(f"error: {error}"))
    opened.on("request", on_request)
    opened.goto(address)
    opened.wait_for_selector("body[data-ready]", timeout=READY_MS)
    answered(opened, "blue")
    yield opened
    context.close()
    assert not faults


def answered(page: Page, answer: str) -> None:
    expect(page.locator("#answer strong")).to_have_text(answer, timeout=READY_MS)


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def ask(page: Page, question: str) -> None:
    page.fill("#question", question)
    page.press("#question", "Enter")


def generate(page: Page, preset: str, seed: int) -> None:
    page.select_option("#preset", preset)
    page.fill("#seed", str(seed))
    page.click("#draw")
    expect(page.locator("#bundled")).to_have_value("", timeout=READY_MS)
    expect(page.locator("#stage")).to_have_attribute("aria-busy", "false", timeout=READY_MS)


def test_a_generated_scene_is_asked_and_a_step_looked_at(page: Page) -> None:
    generate(page, "world", 3)
    ask(page, "how many crosses are there")
    answered(page, "2")
    expect(page.locator(".good").first).to_contain_text("every call")
    page.click("#node-0")
    expect(page.locator("#step-words")).to_contain_text("find[cross]")
    expect(page.locator("#node-0")).to_have_attribute("aria-pressed", "true")
    page.focus("#step")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#step-words")).to_contain_text("count")
    expect(page.locator("#node-1")).to_have_attribute("aria-pressed", "true")
    shot(page, "generated")


def test_the_answer_follows_an_edit_with_the_mouse_and_with_keys(page: Page) -> None:
    ask(page, "is the star above the green triangle")
    answered(page, "no")
    star = page.locator('.shape[aria-label^="star"]')
    box = star.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 106, y - 170, steps=12)
    answered(page, "yes")  # while it is still held
    shot(page, "dragging")
    page.mouse.up()
    ask(page, "how many blue shapes are there")
    answered(page, "2")
    page.locator('.shape[aria-label^="circle red"]').focus()
    page.select_option("#change-color", "blue")
    answered(page, "3")
    page.locator('.shape[aria-label^="circle blue"]').first.focus()
    page.keyboard.press("Delete")
    answered(page, "2")
    page.keyboard.press("Control+z")
    answered(page, "3")
    shot(page, "edited")


def test_a_moved_shape_goes_where_the_arrow_keys_say(page: Page) -> None:
    ring = page.locator('.shape[aria-label^="ring"]')
    before = ring.bounding_box()
    ring.focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
    after = ring.bounding_box()
    assert before and after and after["x"] < before["x"] - 60
    answered(page, "blue")


def test_an_uploaded_picture_is_asked(page: Page) -> None:
    page.set_input_files("#upload", str(SCENES / "towers.png"))
    expect(page.locator("#editor")).to_be_hidden(timeout=READY_MS)
    ask(page, "there is a tower with exactly three blocks")
    answered(page, "yes")
    shot(page, "uploaded")


def test_a_file_that_is_no_picture_is_named_so_and_the_page_goes_on(page: Page, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes((SCENES / "demo.png").read_bytes()[:300])
    page.set_input_files("#upload", str(tmp_path / "broken.png"))
    expect(page.locator("#picture-problem")).to_contain_text("damaged or cut short", timeout=READY_MS)
    shot(page, "unreadable")
    ask(page, "how many circles are there")
    answered(page, "2")


def test_a_bad_question_has_its_caret_under_the_word_as_it_is_typed(page: Page) -> None:
    page.fill("#question", "is the purpel circle left of the star")
    expect(page.locator("#marks mark")).to_have_text("purpel", timeout=READY_MS)
    lines = page.locator("#question-problem").inner_text().split("\n")
    assert lines[2].index("^") == lines[1].index("purpel") and "purple" in lines[0]
    shot(page, "typo")
    page.fill("#question", "is the red circle left of")
    page.press("#question", "Enter")
    expect(page.locator("#question-problem")).to_contain_text("stops after a relation", timeout=READY_MS)
    shot(page, "unfinished")


def test_what_the_grammar_lets_come_next_is_offered_and_taken_by_keys(page: Page) -> None:
    page.fill("#question", "is there a red ci")
    options = page.locator("#completions li")
    expect(options).to_have_count(3, timeout=READY_MS)
    shot(page, "completions")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#question")).to_have_attribute("aria-activedescendant", "completion-0")
    page.keyboard.press("Enter")
    expect(page.locator("#question")).to_have_value("is there a red circle ")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    answered(page, "yes")


def test_a_word_that_the_run_never_learned_is_marked_as_it_is_offered(page: Page) -> None:
    page.select_option("#run", "runs/film")
    page.fill("#question", "is there a gr")
    expect(page.locator("#completions li").first).to_contain_text("not learned", timeout=READY_MS)
    shot(page, "unlearned")
    page.press("#question", "Escape")


def compared(page: Page, run: str) -> Locator:
    """Return the row of a run, once it has said something."""
    row = page.locator("#compared tbody tr").filter(has=page.get_by_role("rowheader", name=run, exact=True))
    expect(row.get_by_text("…", exact=True)).to_have_count(0, timeout=READY_MS)
    return row


def test_every_run_that_answers_is_compared(page: Page) -> None:
    page.click("#compare summary")
    expect(compared(page, "runs/mine")).to_contain_text("blue", timeout=READY_MS)
    expect(compared(page, "exact")).to_contain_text("blue")
    shot(page, "compared")


def test_a_captioner_says_a_caption_beside_the_answers_with_what_it_attended_for_each_word(page: Page) -> None:
    page.click("#compare summary")
    looks = compared(page, "runs/looks")
    caption = looks.locator("strong").inner_text()
    assert caption and looks.locator("figcaption").all_inner_texts() == caption.split()
    assert looks.locator("canvas").first.get_attribute("aria-label") == f"what was attended for “{caption.split()[0]}”"
    widths = looks.locator("canvas").evaluate_all("all => all.map((one) => one.getBoundingClientRect().width)")
    assert all(20 < width < 200 for width in widths)
    looks.scroll_into_view_if_needed()
    shot(page, "captioned")


def test_a_dual_encoder_and_clip_say_how_near_the_text_is_beside_the_answers(page: Page) -> None:
    ask(page, "is it red")
    page.click("#compare summary")
    for run in ("runs/near", *(("runs/clip",) if importlib.util.find_spec("transformers") else ())):
        expect(compared(page, run)).to_contain_text("of its contradiction", timeout=READY_MS)
    shot(page, "similar")


def test_a_cell_of_the_results_opens_its_examples(page: Page) -> None:
    expect(page.locator("#dataset-about")).to_contain_text("8 asked", timeout=READY_MS)
    cell = page.locator('#results button[aria-label$="right of all: show them"]')
    count = int(cell.inner_text())
    cell.click()
    expect(page.locator("#examples li")).to_have_count(count)
    shot(page, "dataset")
    page.locator("#examples button").first.click()
    expect(page.locator("#stage .shape").first).to_be_visible(timeout=READY_MS)
    expect(page.locator("#bundled")).to_have_value("", timeout=READY_MS)
    example = page.locator("#examples button").first.inner_text()
    expect(page.locator("#answer strong")).to_have_text(example.rsplit("said ", 1)[1].split(",")[0].rstrip(")"))


def test_the_page_is_dark_narrow_and_named_for_screen_readers(page: Page) -> None:
    page.set_viewport_size({"width": 420, "height": 900})
    page.click("#theme")
    shot(page, "narrow-dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
    unnamed = page.evaluate("""() => [...document.querySelectorAll("button, input, select, canvas[role], img")]
        .filter((one) => !(one.getAttribute("aria-label") || one.textContent.trim() || one.alt || one.labels?.length))
        .map((one) => one.outerHTML.slice(0, 80))""")
    assert unnamed == []
    contrast = page.evaluate("getComputedStyle(document.body).color")
    assert contrast == "rgb(232, 234, 240)"


def test_no_two_nodes_of_a_graph_overlap_and_their_words_fit(page: Page) -> None:
    ask(page, "are there more blue shapes left of the star than red circles above the large square")
    expect(page.locator(".node")).not_to_have_count(7, timeout=READY_MS)
    boxes = page.evaluate("""() => [...document.querySelectorAll(".node")].map((one) => {
        const {left, top, right, bottom} = one.getBoundingClientRect();
        return [left, top, right, bottom, one.scrollHeight - one.clientHeight];
    })""")
    shot(page, "large-graph")
    assert len(boxes) > 8 and all(box[4] <= 1 for box in boxes)
    for at, one in enumerate(boxes):
        for other in boxes[:at]:
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart, (one, other)
