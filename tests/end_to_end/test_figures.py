"""The flip is exported as PNG, SVG and PDF; each opens again as the same document and gives the same answer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app import opening
from app.widgets.dropped import Dropped
from core.analyses.decision_map import DecisionMap
from core.demo import DEFAULT_MODEL, demo_document, demo_view
from core.documents.figures import read_figure
from core.documents.files import write_work
from core.documents.work import Work
from core.figures.options import FigureOptions
from core.figures.state import state_in
from core.interventions.move import set_point
from tests.end_to_end.conftest import ANSWER_MS, Driver

FORMATS = ("PNG", "SVG", "PDF")


def test_an_exported_flip_opens_again_with_the_same_margin(driver: Driver, tmp_path: Path) -> None:
    driver.drag_thumb(driver.thumb(0), driver.thumb(1) + QPoint(4, 4))
    QTest.mouseRelease(driver.color_pad, Qt.MouseButton.LeftButton, pos=driver.thumb(1) + QPoint(4, 4))
    driver.settle()
    window, desk = driver.window, driver.window.desk
    maps = [analysis for analysis in desk.wanted() if isinstance(analysis, DecisionMap)]
    driver.qtbot.waitUntil(lambda: all(np.isfinite(driver.found(each)).all() for each in maps), timeout=ANSWER_MS)
    document, margin = desk.document, driver.margin
    assert margin > 0, "it is a flip: the pair differs"
    assert maps, "the pad has its map"

    paths = [tmp_path / f"pad.{format.lower()}" for format in FORMATS]
    for path, format in zip(paths, FORMATS, strict=True):
        window.exports.write(path, [driver.color_pad], FigureOptions(format, width_mm=60.0, dpi=150))
    with Image.open(paths[0]) as image:
        blue, orange = (np.asarray(image.convert("RGB"), int) @ weights for weights in ((-1, 0, 1), (1, 0, -1)))
    assert (blue > 15).mean() > 0.02, "where the answer is the one side"
    assert (orange > 8).mean() > 0.1, "and where it is the other"

    for path in paths:
        carried = read_figure(path)
        assert carried is not None
        assert carried.work is not None
        assert carried.work.document == document
        state = state_in(path.read_bytes())
        assert state is not None
        assert desk.model is not None
        assert (state["weights_sha256"], state["device"]) == (desk.model.weights_hash, desk.model.device)
        assert state["subspaces"], "what the edit was made with"

    window.documents.begin(Work(demo_document(DEFAULT_MODEL), desk.view), None)
    driver.settle()
    assert driver.margin < 0
    opening.open_dropped(desk, Dropped((paths[0],)))
    desk.ask_again()
    driver.settle()
    assert desk.document == document
    assert driver.margin == pytest.approx(margin, abs=1e-4)


@pytest.mark.slow
def test_figures_are_drawn_without_a_window(tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "core", *words], capture_output=True, text=True, check=False)

    document = set_point(demo_document(DEFAULT_MODEL), 0, "color", 1, (0.5, 1.0))
    write_work(tmp_path / "a.relata", Work(document, demo_view({})))
    out = tmp_path / "out.svg"

    words = ["figure", str(tmp_path / "a.relata"), "--panel", "pad,meter", "--panel", "heads", "--width", "120"]
    done = run(*words, "--theme", "dark", "--out", str(out), "--device", "cpu")
    assert (done.returncode, done.stdout) == (0, f"{out}\n"), done.stderr
    assert out.read_text().count("<text ") > 10
    carried = read_figure(out)
    assert carried is not None
    assert carried.work is not None
    assert carried.work.document == document

    assert run("figure", str(out), "--out", str(tmp_path / "again.png"), "--device", "cpu").returncode == 0
    with Image.open(tmp_path / "again.png") as image:
        assert image.width == round(120 / 25.4 * 300)
    left_on_probe = Work(document, demo_view({}), panels={"Interventions": {"tab": 2}})
    write_work(tmp_path / "a.relata", left_on_probe)
    brought = run(*words[:2], "--panel", "pad", "--out", str(out), "--device", "cpu")
    assert brought.returncode == 0, "named, so it is brought"
    done = run(*words[:2], "--panel", "nothing", "--out", str(out), "--device", "cpu")
    assert done.returncode == 2
    assert "There is no picture “nothing”" in done.stderr
