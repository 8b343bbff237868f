"""The wheel: built, installed by itself into a clean environment, it answers a question."""

import json
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, and behind it the dependencies of this one, but not this checkout."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "dependencies.pth").write_text("\n".join(sorted(paths)), encoding="utf-8")
    return python


def run(python: Path, *arguments: str) -> str:
    result = subprocess.run([str(python), *arguments], capture_output=True, text=True, cwd=python.parent, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_grammars_lexicons_scene_and_licence_are_inside(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"nmn/grammars/world.lark", "nmn/grammars/shared.lark", "nmn/grammars/lexicon/world.toml"} <= set(names)
    assert "nmn/scenes/demo.json" in names and any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith("tests/") for name in names)


def test_the_clean_environment_takes_the_wheels_package(clean: Path) -> None:
    path = run(clean, "-c", "import nmn; print(nmn.__file__)").strip()
    assert not Path(path).is_relative_to(ROOT)


def test_the_wheel_parses_and_answers_a_question(clean: Path) -> None:
    assert run(clean, "-m", "nmn", "parse", "is there a red circle").startswith("exists(and(find[red], find[circle]))")
    scene = run(clean, "-c", "from nmn.resources import SCENES; print(SCENES / 'demo.json')").strip()
    answer = json.loads(run(clean, "-m", "nmn", "ask", scene, "how many circles are there", "--json"))
    assert answer["answer"] == 2
