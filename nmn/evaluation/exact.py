"""Reading and exact execution of a dataset whose scenes are known."""

from collections.abc import Sequence

from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.assembler.trace import Value, answer_text, answers
from nmn.data.example import Example
from nmn.errors import QuestionError
from nmn.evaluation.report import Record, Report
from nmn.language import read
from nmn.layout import Layout
from nmn.lexicon import Lexicon, load_lexicon
from nmn.modules.exact import encode, exact_library
from nmn.scene import SceneGraph

BATCH = 4_096


def evaluate_exact(examples: Sequence[Example], grammar: str, lexicon: Lexicon | None = None) -> Report:
    """Read every distinct question once and answer all examples exactly, in batches."""
    lexicon = lexicon or load_lexicon(grammar)
    layouts: dict[str, Layout] = {}
    errors: dict[str, str] = {}
    for question in dict.fromkeys(example.question for example in examples):
        try:
            layouts[question] = read(question, grammar, lexicon=lexicon).layout
        except QuestionError as error:
            errors[question] = str(error)
    readable = [example for example in examples if example.question in layouts]
    predicted = iter(_answers([layouts[example.question] for example in readable], readable, lexicon))
    return Report(
        tuple(
            Record(
                example.question,
                example.family,
                example.answer,
                next(predicted) if example.question in layouts else None,
                errors.get(example.question),
            )
            for example in examples
        )
    )


def _answers(layouts: Sequence[Layout], examples: Sequence[Example], lexicon: Lexicon) -> list[str]:
    library, texts = exact_library(lexicon), []
    for start in range(0, len(layouts), BATCH):
        batch = layouts[start : start + BATCH]
        places: dict[int, int] = {}
        scenes: list[SceneGraph] = []
        images: list[int] = []
        for example in examples[start : start + BATCH]:
            if id(example.scene) not in places:
                places[id(example.scene)] = len(scenes)
                scenes.append(example.scene)
            images.append(places[id(example.scene)])
        regions = encode(scenes, lexicon)
        values: list[Value] = answers(execute(plan(batch, images, regions.panels.count), library, regions))
        texts += [answer_text(value, layout.kind) for value, layout in zip(values, batch, strict=True)]
    return texts
