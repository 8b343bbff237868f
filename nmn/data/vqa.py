"""VQA v2's files (Goyal et al. 2017), in which anyone can write questions about images of their own.

::

    {"data_subtype": "train2014",
     "questions": [{"question_id": 9001, "image_id": 9, "question": "What color is the ball?"}]}
    {"annotations": [{"question_id": 9001, "answer_type": "other", "multiple_choice_answer": "red",
                      "answers": [{"answer": "red"}, {"answer": "pink"}, {"answer": "red"}]}]}
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nmn.data.example import ImageExample
from nmn.data.json_file import ImageFolder, array, field, read_json
from nmn.errors import DataError
from nmn.language.lexer import NUMERALS

UNKNOWN_FAMILY = "all"
OTHER_ENDINGS = (".png", ".jpeg")


def read_vqa(
    questions: str | Path, images: str | Path, annotations: str | Path | None = None, pattern: str = ""
) -> list[ImageExample]:
    """Read questions, the images in a folder that they are about and, with ``annotations``, their answers.

    ``pattern`` makes an image's file name of its number, such as "{image_id:012d}.jpg"; by default it is COCO's,
    COCO_train2014_000000000009.jpg where the file says "data_subtype": "train2014", or .png or .jpeg. The answer is
    that of most people; of answers given as often, ``multiple_choice_answer``, else the first; in lower case, with
    numbers in digits, as VQA's own evaluation compares them. The family is the type of the answer. Raises
    DataError naming the file and the entry at fault, also for an image that is not there.
    """
    path, folder = Path(questions), ImageFolder(images)
    data = read_json(path)
    answers = _answers(Path(annotations)) if annotations is not None else None
    pattern = pattern or _coco_pattern(data)
    examples, asked = [], set[int]()
    entries = array(path, data, "questions")
    if not entries:
        raise DataError(f"{path}: no question in it")
    for number, entry in enumerate(entries):
        place = f"{path}: questions[{number}]"
        text, image_id = field(place, entry, "question", str), field(place, entry, "image_id", int)
        answer, family = None, UNKNOWN_FAMILY
        if answers is not None:
            question_id = field(place, entry, "question_id", int)
            if question_id in asked:
                raise DataError(f"{place}: question_id {question_id} stands there twice")
            asked.add(question_id)
            if question_id not in answers:
                raise DataError(f"{place}: question_id {question_id} has no annotation in {annotations}")
            answer, family = answers[question_id]
        name = _name(place, pattern, image_id)
        names = [name, *(name.removesuffix(".jpg") + ending for ending in OTHER_ENDINGS if name.endswith(".jpg"))]
        examples.append(ImageExample(text, folder.path(place, *names), answer, family))
    return examples


def question_ids(questions: str | Path) -> list[int]:
    """Return the numbers of a file's questions, in its order; raise DataError naming an entry without one."""
    path = Path(questions)
    entries = enumerate(array(path, read_json(path), "questions"))
    return [field(f"{path}: questions[{number}]", entry, "question_id", int) for number, entry in entries]


def results(asked: Sequence[int], answers: Sequence[str | None]) -> list[dict[str, Any]]:
    """Return answers to the questions of these numbers as VQA's evaluation takes them; "" where there is none."""
    return [{"question_id": one, "answer": answer or ""} for one, answer in zip(asked, answers, strict=True)]


def majority_answer(entry: dict[str, Any]) -> str | None:
    """Return the plain answer that most of the people gave whom an annotation quotes.

    >>> majority_answer({"answers": [{"answer": "red"}, {"answer": "pink"}], "multiple_choice_answer": "pink"})
    'pink'
    """
    chosen = entry.get("multiple_choice_answer")
    chosen = None if chosen is None else plain_answer(str(chosen))
    counts = Counter(plain_answer(str(given["answer"])) for given in entry.get("answers", ()))
    most = [answer for answer, count in counts.items() if count == max(counts.values())]
    return chosen if not most or chosen in most else most[0]


def plain_answer(answer: str) -> str:
    """Return an answer in lower case, a number in digits.

    >>> [plain_answer(answer) for answer in ("Yellow", "two")]
    ['yellow', '2']
    """
    plain = answer.strip().lower()
    return str(NUMERALS.index(plain)) if plain in NUMERALS else plain


def _answers(path: Path) -> dict[int, tuple[str | None, str]]:
    answers: dict[int, tuple[str | None, str]] = {}
    for number, entry in enumerate(array(path, read_json(path), "annotations")):
        place = f"{path}: annotations[{number}]"
        question_id = field(place, entry, "question_id", int)
        try:
            answer = majority_answer(entry)
        except (TypeError, KeyError):
            raise DataError(f'{place}: answers: expected an array of objects with an "answer"') from None
        if question_id in answers:
            raise DataError(f"{place}: question_id {question_id} stands there twice")
        answers[question_id] = answer, str(entry.get("answer_type") or UNKNOWN_FAMILY)
    return answers


def _coco_pattern(data: Any) -> str:
    subset = data.get("data_subtype") if isinstance(data, dict) else None
    prefix = f"COCO_{str(subset).replace('-dev', '')}_" if subset else ""  # test-dev2015 asks about images of test2015
    return prefix.replace("{", "{{").replace("}", "}}") + "{image_id:012d}.jpg"


def _name(place: str, pattern: str, image_id: int) -> str:
    try:
        return pattern.format(image_id=image_id)
    except (ValueError, KeyError, IndexError, AttributeError):
        raise DataError(f'{place}: pattern {pattern!r}: expected a name such as "{{image_id:012d}}.jpg"') from None
