"""The JSON API under the page, and the page: routes only. What they mean stands in ``docs/serve.md``."""

import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from nmn.app import scenes, told
from nmn.app.answers import answer_json
from nmn.app.asked import Ask, Describe, Parse, Picture, Scene
from nmn.app.datasets import OUTCOMES, Browsed
from nmn.app.limits import LOCAL_HOSTS, Guard, Limits, Slots, error_body
from nmn.app.pictures import Seen, decoded, picture_json
from nmn.app.runs import Runs, exact_answer
from nmn.app.typing_help import help_json, mistake
from nmn.errors import NmnError, QuestionError
from nmn.language import grammar_names
from nmn.resources import SCENES
from nmn.scene import read_scene
from nmn.vision.image import load_image
from nmn.vision.nlvr_format import has_nlvr_size

PAGE = Path(__file__).parent / "page"
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
         ".js": "text/javascript; charset=utf-8"}  # fmt: skip
Work = Callable[[], dict[str, Any]]


class Json(JSONResponse):
    """JSON in ASCII, so that any text of a request can be sent back."""

    def render(self, content: Any) -> bytes:
        """Return the bytes; raise ValueError for numbers that JSON has not."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


class Explorer:
    """What the routes share: the runs, the pictures that ship, the dataset if one is browsed, the slots for work."""

    def __init__(self, runs: Runs, browsed: Browsed | None, limits: Limits) -> None:
        self.runs, self.browsed, self.limits = runs, browsed, limits
        self.slots = Slots(limits)
        self.bundled = {path.stem: _bundled(path) for path in sorted(SCENES.glob("*.png"))}
        self.closing = False

    def warm(self) -> None:
        """Load what is asked first, and ask, type and draw it once, so that no request imports anything.

        Every language is read once too: none is then built by two requests at the same time, and none waits for it.
        """
        self.ask(Ask(question="how many circles are there", picture=Picture(bundled="demo")))
        for grammar in grammar_names():
            help_json(Parse(question="there is a", grammar=grammar), self.runs)
        self.scene(Scene(preset="world"))

    def work_through(self) -> None:
        """Ask the dataset's next example, and hand in the one after it; a request waits for one of them at most."""
        if self.browsed is not None and not self.closing and self.browsed.ask_next(self.runs) and not self.closing:
            self.slots.behind(self.work_through)

    def see(self, picture: Picture) -> Seen:
        """Return the picture that a request means."""
        if picture.upload is not None:
            pixels = decoded(picture.upload, self.limits)
            return Seen(pixels, pixels)
        if picture.scene is not None:
            return self.scene(picture.scene)[0]
        if picture.bundled is not None:
            if picture.bundled not in self.bundled:
                raise HTTPException(404, f"no such picture; there are {', '.join(self.bundled)}")
            return self.bundled[picture.bundled]
        return self.example(picture.example or 0)

    def example(self, number: int) -> Seen:
        """Return an example of the dataset."""
        if self.browsed is None or number >= len(self.browsed.items):
            raise HTTPException(404, "there is no such example")
        return self.browsed.items[number].open()

    def scene(self, asked: Scene) -> tuple[Seen, scenes.Drawn | None]:
        """Return a scene painted, with the question it was drawn for where it was drawn."""
        if asked.scene is not None:
            return scenes.seen(scenes.read(asked.scene, self.limits), asked.preset, asked.seed), None
        drawn = scenes.draw(asked.preset or "world", asked.seed)
        return scenes.seen(drawn.scene, asked.preset, asked.seed), drawn

    def ask(self, asked: Ask) -> dict[str, Any]:
        """Return an answer with its trace, and the exact one beside it where the scene is known."""
        start = time.perf_counter()
        seen = self.see(asked.picture)
        run = asked.run or self.runs.default(seen)
        said = self.runs.ask(run, seen, asked.question, asked.repair)
        exact = None if seen.scene is None else self._exact(seen, asked)
        shown = answer_json(said, seen, exact)
        return {"run": run, "question": asked.question, **shown, "seconds": round(time.perf_counter() - start, 4)}

    def _exact(self, seen: Seen, asked: Ask) -> Any:
        try:
            return exact_answer(seen, asked.question, asked.repair)
        except NmnError:  # a run may know words that the scene's world does not
            return None


def _bundled(path: Path) -> Seen:
    pixels = load_image(path)
    known = path.with_suffix(".json")
    if known.is_file():
        scene = read_scene(known)
        return Seen(pixels, pixels, scene, scene.world, scenes.grammar_of(scene.world), scenes.style_of(scene.world))
    grammar = "nlvr" if has_nlvr_size(pixels.shape) else "world"
    return Seen(pixels, pixels, None, grammar, grammar)


def build_app(
    runs: Runs | None = None, browsed: Browsed | None = None, limits: Limits | None = None,
    hosts: frozenset[str] | None = LOCAL_HOSTS,
) -> FastAPI:  # fmt: skip
    """Return the application; ``hosts`` are the names that it answers to, None any."""
    limits = limits or Limits()
    explorer = Explorer(runs or Runs(), browsed, limits)
    explorer.warm()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        explorer.slots.behind(explorer.work_through)
        yield
        explorer.closing = True
        explorer.slots.close()

    app = FastAPI(
        title="nmn", version=_version(), docs_url=None, redoc_url=None, lifespan=lifespan, default_response_class=Json,
        description="Ask about pictures, see how the answer came about.",
    )  # fmt: skip
    app.add_middleware(Guard, limits=limits, hosts=hosts)
    _add_errors(app)
    _add_page(app)
    _add_asking(app, explorer)
    _add_dataset(app, explorer)
    return app


def described(answer: Any) -> dict[int | str, dict[str, Any]]:
    """Return a route's answers for the API's description: its own, and the one form that every error has."""
    refused = {"model": told.Failure, "description": "What is wrong, in a sentence."}
    return {200: {"model": answer}, **dict.fromkeys(("4XX", "503"), refused)}


def _version() -> str:
    try:
        return version("nmn-reasoner")
    except PackageNotFoundError:
        return "0"


def _add_errors(app: FastAPI) -> None:
    """Give every error one form, without what was sent and without where in our code it came up.

    With the header "nmn-errors: inline" its status is 200, since browsers write every other one into their console.
    """

    def sent(request: Request, status: int, body: dict[str, object], headers: Any = None) -> Response:
        inline = request.headers.get("nmn-errors") == "inline"
        return Json(body, 200 if inline else status, headers=headers)

    async def ours(request: Request, error: Exception) -> Response:
        if isinstance(error, QuestionError):
            return sent(request, 422, error_body(error.reason, **question_error(error)))
        return sent(request, 422, error_body(str(error)))

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"][1:])) or "body"
        return sent(request, 422, error_body(f"{place}: {first['msg']}"))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return sent(request, error.status_code, error_body(error.detail), error.headers)

    app.add_exception_handler(NmnError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)


def question_error(error: QuestionError) -> dict[str, Any]:
    """Return what is wrong with a question, with offsets for the caret."""
    return {"kind": "question", "read": error.read, **mistake(error)}


def _add_page(app: FastAPI) -> None:
    """Serve the page's files, read once; a request names one of them or none."""

    def route(content: bytes, kind: str) -> Callable[[], Awaitable[Response]]:
        async def serve() -> Response:
            return Response(content, media_type=kind, headers={"cache-control": "no-cache"})

        return serve

    for path in sorted(PAGE.iterdir()):
        if path.suffix in TYPES:
            place = "/" if path.name == "index.html" else f"/{path.name}"
            app.add_api_route(place, route(path.read_bytes(), TYPES[path.suffix]), include_in_schema=False)

    @app.get("/health", summary="Whether the server is there", responses=described(told.Health), response_model=None)
    async def health() -> dict[str, Any]:
        return {"status": "ok", "version": app.version}


def _add_asking(app: FastAPI, explorer: Explorer) -> None:
    async def answered(work: Work) -> Json:
        return Json(await explorer.slots.run(work))

    @app.get(
        "/api/models",
        summary="The runs that can be asked, and what can be asked about",
        responses=described(told.Models),
    )
    async def models() -> dict[str, Any]:
        return {
            "runs": [run.to_json() for run in explorer.runs.by_name.values()],
            "pictures": list(explorer.bundled),
            "presets": scenes.presets_json(),
            "dataset": explorer.browsed.title if explorer.browsed else None,
            "limits": {"image_bytes": explorer.limits.image_bytes, "pixels": explorer.limits.pixels,
                       "question_characters": explorer.limits.question_characters},
        }  # fmt: skip

    @app.post("/api/ask", summary="Ask a run about a picture", responses=described(told.Answered))
    async def ask(asked: Ask) -> Json:
        return await answered(lambda: explorer.ask(asked))

    @app.post(
        "/api/describe",
        summary="What a run that answers no questions says of a picture",
        responses=described(told.Similarity | told.Captioned),
    )
    async def describe(asked: Describe) -> Json:
        return await answered(lambda: explorer.runs.describe(asked.run, explorer.see(asked.picture), asked.text))

    @app.post("/api/parse", summary="Read a question that is being typed", responses=described(told.Help))
    async def parse(asked: Parse) -> Json:
        return await answered(lambda: help_json(asked, explorer.runs))

    @app.post("/api/scene", summary="Draw a scene, or paint one that was edited", responses=described(told.Shown))
    async def scene(asked: Scene) -> Json:
        def work() -> dict[str, Any]:
            seen, drawn = explorer.scene(asked)
            assert seen.scene is not None
            about = {} if drawn is None else {"question": drawn.question, "family": drawn.family}
            return {**_picture(explorer, seen), **about}

        return await answered(work)

    @app.post(
        "/api/picture",
        summary="A picture as it would be asked, with its scene if it is known",
        responses=described(told.Shown),
    )
    async def picture(asked: Picture) -> Json:
        return await answered(lambda: _picture(explorer, explorer.see(asked)))


def _picture(explorer: Explorer, seen: Seen) -> dict[str, Any]:
    run = explorer.runs.default(seen)
    scene = None if seen.scene is None else seen.scene.to_json()
    return {"picture": picture_json(seen.shown), "scene": scene, "preset": seen.preset,
            "grammar": seen.grammar, "run": run}  # fmt: skip


def _add_dataset(app: FastAPI, explorer: Explorer) -> None:
    def browsed() -> Browsed:
        if explorer.browsed is None:
            raise HTTPException(404, "no dataset was given; start the server with --data DIR")
        return explorer.browsed

    @app.get(
        "/api/dataset",
        summary="What came of the dataset's examples, by family",
        responses=described(told.Table),
        response_model=None,
    )
    async def dataset() -> dict[str, Any]:
        return browsed().table()

    @app.get(
        "/api/dataset/examples", summary="The examples of a family and an outcome", responses=described(told.Listed)
    )
    async def examples(
        family: Annotated[str | None, Query(max_length=200)] = None,
        outcome: Annotated[str | None, Query(pattern="^(" + "|".join(OUTCOMES) + ")$")] = None,
        offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    ) -> dict[str, Any]:
        return browsed().listed(family, outcome, offset)


logging.getLogger("nmn.serve").addHandler(logging.NullHandler())
