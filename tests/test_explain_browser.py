"""Explanations in a real browser: nothing asked of any network, no text over another, keyboard, dark screens, paper."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nmn.explaining import explain
from nmn.reasoner import ask_scene, run
from nmn.resources import SCENES
from nmn.scene import read_scene
from nmn.visualisation.explanation import Explanation
from nmn.visualisation.files import write_explanation

pytest.importorskip("playwright", reason="the extra e2e is not installed")
from playwright.sync_api import Browser, Page, sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Request

DEMO = read_scene(SCENES / "demo.json")
COMPLAINTS: list[str] = []
QUESTION = "What color is the large shape left of the star?"
# 30 calls: what is left of what is left of ... a circle, and red or blue
CHAIN = "find[circle]"
for _number in range(9):
    CHAIN = f"and(or(find[red], find[blue]), relate[{('left_of', 'above')[_number % 2]}]({CHAIN}))"
LARGE = f"exists({CHAIN})"
OVERLAPS = """() => {
  const texts = [...document.querySelectorAll("svg.graph text")];
  const boxes = texts.map((text) => [text.textContent, text.getBoundingClientRect()]);
  const over = [];
  for (let a = 0; a < boxes.length; a++)
    for (let b = a + 1; b < boxes.length; b++) {
      const [one, other] = [boxes[a][1], boxes[b][1]];
      const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (wide > 1 && high > 0.3 * Math.min(one.height, other.height)) over.push([boxes[a][0], boxes[b][0]]);
    }
  return [boxes.length, over];
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window: playwright's own, else the system's."""
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        found = own if Path(own).exists() else shutil.which("chromium") or shutil.which("google-chrome")
        if found is None:
            pytest.skip("no Chromium is installed: apt-get install chromium, or python -m playwright install chromium")
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture(autouse=True)
def complaints() -> Iterator[None]:
    """Whatever a page's script says or asks for elsewhere."""
    COMPLAINTS.clear()
    yield
    assert COMPLAINTS == []


@pytest.fixture(scope="module")
def explained() -> Explanation:
    return explain(ask_scene(DEMO, QUESTION))


def opened(browser: Browser, explained: Explanation, folder: Path, dark: bool = False) -> Page:
    """Open an explanation as a page."""
    write_explanation(folder / "page.html", explained)
    page = browser.new_page(viewport={"width": 1500, "height": 900}, color_scheme="dark" if dark else "light")

    def refuse(request: "Request") -> None:
        if not request.url.startswith(("file:", "data:")):
            COMPLAINTS.append(request.url)

    page.on("request", refuse)
    page.on("console", lambda told: COMPLAINTS.append(told.text))
    page.on("pageerror", lambda error: COMPLAINTS.append(str(error)))
    page.goto((folder / "page.html").as_uri())
    return page


@pytest.mark.parametrize("layout", ["exists(find[star])", LARGE])
def test_no_text_is_over_another(browser: Browser, layout: str, tmp_path: Path) -> None:
    found = explain(run(layout, DEMO))
    page = opened(browser, found, tmp_path)
    count, over = page.evaluate(OVERLAPS)
    assert over == [] and count >= 2 * len(found.calls)


def test_large_graphs_have_thirty_calls() -> None:
    assert 20 <= len(run(LARGE, DEMO).trace.calls) <= 30


def test_words_are_set_in_the_font_that_they_were_measured_in(
    browser: Browser, explained: Explanation, tmp_path: Path
) -> None:
    page = opened(browser, explained, tmp_path)
    assert page.evaluate(
        "document.fonts.check('12px nmn') && [...document.fonts].some((one) => one.status === 'loaded')"
    )


def test_the_keyboard_reaches_words_calls_and_back(browser: Browser, explained: Explanation, tmp_path: Path) -> None:
    page = opened(browser, explained, tmp_path)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "to the calls"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "What color"
    assert page.evaluate("document.querySelector('#call-6').classList.contains('lit')")
    assert not page.evaluate("document.querySelector('#call-0').classList.contains('lit')")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#call-6"
    page.focus("#node-0")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#call-0"


def test_everything_that_is_looked_at_or_followed_has_a_name(
    browser: Browser, explained: Explanation, tmp_path: Path
) -> None:
    page = opened(browser, explained, tmp_path)
    nameless = page.evaluate(
        "[...document.querySelectorAll('a, img, image')].filter((one) => "
        "!(one.getAttribute('aria-label') || one.getAttribute('alt') || one.textContent.trim())).length"
    )
    assert nameless == 0 and page.locator("main").count() == 1 and page.locator("h1").count() == 1


def test_it_is_dark_on_dark_screens_and_light_on_paper(
    browser: Browser, explained: Explanation, tmp_path: Path
) -> None:
    color = "getComputedStyle(document.body).backgroundColor"
    assert opened(browser, explained, tmp_path).evaluate(color) == "rgb(255, 255, 255)"
    page = opened(browser, explained, tmp_path, dark=True)
    assert page.evaluate(color) == "rgb(22, 24, 29)"
    page.emulate_media(media="print")
    assert page.evaluate(color) == "rgb(255, 255, 255)"
    assert page.pdf(format="A4", landscape=True).startswith(b"%PDF")
