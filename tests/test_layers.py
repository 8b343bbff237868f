"""Who may import whom: a file imports from layers above its own, or from its own folder."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# layer of each place; folders of the same layer do not import each other
LAYERS = {
    "nmn/__init__.py": 11,  # the list of public names, imported when first used
    "nmn/__main__.py": 13,
    "nmn/errors.py": 0,
    "nmn/atomic.py": 0,
    "nmn/notebook.py": 0,
    "nmn/config.py": 1,
    "nmn/exits.py": 1,
    "nmn/resources.py": 0,
    "nmn/terminal.py": 0,
    "nmn/layout": 1,
    "nmn/scene.py": 1,
    "nmn/lexicon": 2,
    "nmn/language": 3,
    "nmn/regions.py": 3,
    "nmn/checkpoint.py": 3,
    "nmn/vision": 4,
    "nmn/modules": 4,
    "nmn/assembler": 5,
    "nmn/data": 5,
    "nmn/models": 6,
    "synth_data": 6,
    "nmn/training": 7,
    "nmn/visualisation": 8,
    "nmn/answer.py": 7,
    "nmn/reasoner": 9,
    "nmn/explaining.py": 10,
    "nmn/captioning.py": 10,
    "nmn/evaluation": 10,
    "nmn/bench": 10,
    "nmn/compare": 11,
    "nmn/app": 11,
    "nmn/cli": 12,
}
FILES = sorted(path for folder in ("nmn", "synth_data") for path in (ROOT / folder).rglob("*.py"))


def place_of(module: str) -> str:
    """Return the place of the table that holds a module such as nmn.layout.graph."""
    path = module.replace(".", "/")
    matches = [place for place in LAYERS if path == place.removesuffix(".py") or path.startswith(place + "/")]
    return max(matches, key=len) if matches else f"{path}/__init__.py"


def imported(tree: ast.AST) -> list[str]:
    """Return the project's modules that a file imports, inside functions too, but for TYPE_CHECKING blocks."""
    names: list[str] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        names += imported(node)
    return [name for name in names if name.split(".")[0] in ("nmn", "synth_data")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_from_layers_above_or_its_own_folder(path: Path) -> None:
    module = str(path.relative_to(ROOT).with_suffix("")).replace("/", ".").removesuffix(".__init__")
    own = "nmn/__init__.py" if module == "nmn" else place_of(module)
    for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
        other = place_of(name)
        assert other == own or LAYERS[other] < LAYERS[own], f"{own} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_names_what_it_imports_in_full(path: Path) -> None:
    """Relative imports would pass the check of layers unseen."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    assert not [ast.unparse(node) for node in nodes if isinstance(node, ast.ImportFrom) and node.level]


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import nmn", ("torch", "lark", "numpy", "networkx")),
        ("import nmn; nmn.parse('is there a red circle')", ("torch", "numpy", "networkx")),
        ("import nmn; nmn.Layout, nmn.SceneGraph, nmn.load_lexicon('world')", ("torch", "lark")),
        ("import nmn.assembler.plan", ("torch",)),
        ("import nmn.cli", ("torch", "lark", "rich.table")),
    ],
)
def test_an_import_loads_no_more_than_it_needs(statement: str, absent: tuple[str, ...]) -> None:
    code = f"import sys; {statement}; print([name for name in {absent!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_public_names_are_sorted_and_there() -> None:
    import nmn

    assert list(nmn.__all__) == sorted(nmn.__all__)
    assert all(getattr(nmn, name) is not None for name in nmn.__all__)
