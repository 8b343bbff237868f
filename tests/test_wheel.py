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
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--disable-pip-version-check", str(wheel)], check=True, capture_output=True)
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "dependencies.pth").write_text("\n".join(sorted(paths)), encoding="utf-8")
    return python


def run(program: Path, *arguments: str) -> str:
    result = subprocess.run([str(program), *arguments], capture_output=True, text=True, cwd=program.parent, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_grammars_lexicons_scene_and_licence_are_inside(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"nmn/grammars/world.lark", "nmn/grammars/shared.lark", "nmn/grammars/lexicon/world.toml"} <= set(names)
    assert {f"nmn/configs/{path.name}" for path in (ROOT / "configs").glob("*.toml")} <= set(names)
    assert {"nmn/weights/world.safetensors", "nmn/weights/nlvr.safetensors", "nmn/scenes/demo.png"} <= set(names)
    assert {"nmn/app/page/index.html", "nmn/app/page/explorer.js", "nmn/app/page/style.css"} <= set(names)
    assert "nmn/scenes/demo.json" in names and any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith("tests/") for name in names)


def test_the_clean_environment_takes_the_wheels_package(clean: Path) -> None:
    path = run(clean, "-c", "import nmn; print(nmn.__file__)").strip()
    assert not Path(path).is_relative_to(ROOT)


def test_the_installed_nmn_command_parses_and_answers_a_question(clean: Path) -> None:
    nmn = clean.with_name("nmn")
    assert run(nmn, "parse", "is there a red circle").startswith("exists(and(find[red], find[circle]))")
    scene = run(clean, "-c", "from nmn.resources import SCENES; print(SCENES / 'demo.json')").strip()
    answer = json.loads(run(nmn, "ask", scene, "how many circles are there", "--json"))
    assert answer["answer"] == 2
    image = scene.replace("demo.json", "demo.png")
    assert json.loads(run(nmn, "ask", image, "how many circles are there", "--json"))["answer"] == 2


def test_the_installed_nmn_command_writes_a_page(clean: Path, tmp_path: Path) -> None:
    """Its templates and styles are inside."""
    scene = run(clean, "-c", "from nmn.resources import SCENES; print(SCENES / 'demo.json')").strip()
    out = tmp_path / "page.html"
    run(clean.with_name("nmn"), "explain", scene, "how many circles are there", "--out", str(out))
    assert "@font-face" in (text := out.read_text(encoding="utf-8")) and "answer: 2" in text


def test_the_installed_synth_data_command_evaluates_a_layout(clean: Path) -> None:
    scene = run(clean, "-c", "from nmn.resources import SCENES; print(SCENES / 'demo.json')").strip()
    assert run(clean.with_name("synth-data"), "evaluate", scene, "count(find[circle])") == "2\n"


def test_the_installed_synth_data_command_generates_a_dataset(clean: Path, tmp_path: Path) -> None:
    synth = clean.with_name("synth-data")
    run(synth, "generate", "--preset", "world", "--size", "8", "--workers", "1", "--out", str(tmp_path / "data"))
    assert run(synth, "verify", str(tmp_path / "data"), "--workers", "1") == "8 examples, 0 faults\n"


def test_every_grammar_and_lexicon_can_be_read_from_the_wheel(clean: Path) -> None:
    code = "import nmn; print([str(nmn.parse('is there a red thing', grammar=name)) for name in ('world', 'clevr')])"
    assert run(clean, "-c", code) == "['exists(find[red])', 'exists(find[red])']\n"
    assert run(clean.with_name("nmn"), "parse", "is a red shape above a square", "--grammar", "shapes")


def test_the_installed_nmn_command_finds_configurations_by_name(clean: Path, tmp_path: Path) -> None:
    command = [str(clean.with_name("nmn")), "train", "shapes", "--out", str(tmp_path / "run")]
    result = subprocess.run(command, capture_output=True, text=True, cwd=clean.parent, check=False)
    assert result.returncode == 2 and result.stderr.startswith("error: folder: give the folder of SHAPES' files")
