"""What the server sends, for the API's description: the shape of each answer, and of every error.

Answers are built as plain data (``answers.py``, ``describe.py``, ...) and are not checked against this as they are
sent, which would cost as much as asking; a test does.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels of the image


class Told(BaseModel):
    """A part of an answer; a field that is not known is an error."""

    model_config = ConfigDict(extra="forbid")


class Fault(Told):
    """What is wrong, in a sentence; of a question also where: offsets of the words at fault."""

    message: str
    kind: Literal["question"] | None = None
    start: int | None = None
    end: int | None = None
    read: str | None = None
    expected: list[str] | None = None
    suggestion: str | None = None


class Failure(Told):
    """The one form of every error."""

    error: Fault


class Health(Told):
    """That the server is there."""

    status: Literal["ok"]
    version: str


class KnownRun(Told):
    """A run that can be asked; ``does``: whether it answers questions, says captions or how near a text is."""

    name: str
    kind: str
    does: Literal["answer", "caption", "similarity"]
    grammar: str
    card: dict[str, str | float]


class Preset(Told):
    """A way to draw scenes: what its objects may be, by attribute."""

    name: str
    lexicon: str
    grammar: str
    values: dict[str, list[str]]
    size_px: dict[str, Any]


class Models(Told):
    """Everything that a request may name."""

    runs: list[KnownRun]
    pictures: list[str]
    presets: list[Preset]
    dataset: str | None
    limits: dict[str, int]


class Painted(Told):
    """A picture as a PNG in a data URI."""

    png: str
    width: int
    height: int


class Size(Told):
    """The pixels that boxes are in."""

    width: int
    height: int


class Region(Told):
    """What attention ranges over: a box, and its name where something is known of it."""

    box: Box
    name: str = ""


class Exact(Told):
    """The exact value, whether the network's agrees with it, and the objects of a set."""

    text: str
    agrees: bool
    boxes: list[Box]


class Call(Told):
    """One call of the layout. ``raw``: the attention over all regions or panels, or the chances of every value."""

    module: str
    argument: str | None
    label: str
    kind: str
    operands: list[int]
    words: list[str]
    value: str
    members: list[int]
    raw: list[float]
    confidence: float | None
    in_panels: list[str]
    problem: str | None
    exact: Exact | None
    change: str | None


class Mention(Told):
    """Words of the question, and the calls that come from them."""

    start: int
    end: int
    calls: list[int]


class Owners(Told):
    """Which region is where: run lengths over a map, row by row; 0 is no region, 1 + i region i."""

    width: int
    height: int
    runs: list[int]


class Node(Told):
    """Where a call stands, and the size of the picture in it if it is a set."""

    x: float
    y: float
    width: float
    height: float
    picture: tuple[float, float] | None


class Edge(Told):
    """Data from one call to another."""

    source: int
    target: int
    points: list[tuple[float, float]]


class Graph(Told):
    """Where everything stands, in pixels of the page."""

    width: float
    height: float
    nodes: list[Node]
    edges: list[Edge]


class Answered(Told):
    """An answer with everything that it came from."""

    run: str
    question: str
    reading: str | None
    mentions: list[Mention]
    layout: str | None
    answer: str
    neural: bool
    confidence: float | None
    distribution: dict[str, float]
    problems: list[str]
    other_readings: list[str]
    more_readings: bool
    exact: Exact | None
    image: Size | None
    regions: list[Region]
    panels: list[Box]
    calls: list[Call]
    picture: Painted
    owners: Owners | None
    graph: Graph
    seconds: float


class Similarity(Told):
    """Of an encoder: the cosine of text and picture, that of its contradiction, the chance that the text is true."""

    similarity: float
    denied: float
    chance: float


class Captioned(Told):
    """Of a captioner: its caption, and for each of its words the weights of the regions if it has attention."""

    caption: str
    log_probability: float
    words: list[str]
    attention: list[list[float]]
    regions: list[Region]
    image: Size
    picture: Painted


class Completion(Told):
    """What may come next: ``start`` is where it begins; ``known``: the run has learned it."""

    text: str
    start: int
    group: str
    known: bool


class Problem(Told):
    """What is wrong with a question, and where."""

    message: str
    start: int
    end: int
    expected: list[str]
    suggestion: str | None


class Help(Told):
    """A question that is being typed: its readings, what is wrong, what may come, whether it may end."""

    grammar: str
    complete: bool
    completions: list[Completion]
    readings: list[dict[str, Any]]
    problem: Problem | None


class Shown(Told):
    """A picture with its scene where that is known; ``question``: what the scene was drawn for, if it was."""

    picture: Painted
    scene: dict[str, Any] | None
    preset: str | None
    grammar: str
    run: str
    question: str | None = None
    family: str | None = None


class Row(Told):
    """How many examples of a family came out how."""

    family: str
    examples: int
    right: int
    wrong: int
    unread: int
    disagree: int


class Table(Told):
    """A dataset's results so far."""

    title: str
    run: str
    examples: int
    asked: int
    rows: list[Row]


class Item(Told):
    """An example: what is asked, what is recorded, and what came of it once it was asked."""

    number: int
    question: str
    family: str
    answer: str | None
    said: str | None
    exact: str | None
    agrees: bool | None
    error: str | None
    outcome: Literal["right", "wrong", "unread"] | None


class Listed(Told):
    """A page of examples."""

    total: int
    offset: int
    examples: list[Item]
