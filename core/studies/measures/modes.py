"""Query-key modes over many pictures: what weights say of every head, and the pictures that have most of each mode.

Source: Pan et al. 2024; docs/methods.md, "Query-key modes". What we changed: a product counts only where both maxima
are above 0, and the best pictures of all modes are kept in one pass.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from core.analyses.mode_cosines import cosine_map
from core.analyses.mode_depth import cosine_curve, mean_cosine, with_relative
from core.analyses.mode_spectrum import spectrum_plots
from core.engine import advance, embed, to_input
from core.errors import UserError
from core.families.model import Model
from core.figures.looks import red_cyan, signed
from core.plots import Gallery, Picture, Plot
from core.progress import Job, Progress
from core.readings.modes import BlockModes, best_of_signs, block_modes, chance_band
from core.stimuli.render import open_photo, render, render_many
from core.stimuli.stimulus import Stimulus
from core.studies.modes import QueryKeyModes
from core.studies.result import Row
from core.studies.study import Bench, Found

N_BEST, BATCH, SIDE_PX = 6, 8, 64
Head = tuple[int, int]
"""Block and head."""


class Best:
    """The N_BEST pictures of every mode and sign of a block, as they come: scores and picture numbers, [2, H, N, K]."""

    def __init__(self, modes: BlockModes) -> None:
        shape = (2, *modes.sigma.shape, 0)
        self.scores = modes.sigma.new_zeros(shape)
        self.pictures = torch.zeros(shape, dtype=torch.long, device=modes.sigma.device)

    def take(self, scores: Tensor, first: int) -> None:
        """The scores [2, H, N, B] of the pictures from number `first` on."""
        numbers = torch.arange(first, first + scores.shape[-1], device=scores.device).expand(scores.shape)
        scores, numbers = torch.cat([self.scores, scores], -1), torch.cat([self.pictures, numbers], -1)
        self.scores, order = scores.topk(min(N_BEST, scores.shape[-1]), dim=-1)
        self.pictures = numbers.gather(-1, order)

    def of(self, head: int, mode: int) -> tuple[int, list[tuple[int, float]]]:
        """The sign of which a picture has most, and for it the pictures with their scores, best first."""
        side = int(self.scores[:, head, mode].amax(-1).argmax())
        pairs = zip(self.pictures[side, head, mode].tolist(), self.scores[side, head, mode].tolist(), strict=True)
        return (1, -1)[side], [(picture, score) for picture, score in pairs if score > 0]


def measure_modes(bench: Bench, study: QueryKeyModes) -> Job[tuple[Found, int]]:
    """Rows of heads and blocks, plots, and a gallery; with the number of pictures.

    Raises UserError where a block has no modes, or there are no pictures.
    """
    model, modes = bench.model, list[BlockModes]()
    for block in range(model.n_blocks):
        yield Progress(block, model.n_blocks, "modes of every head")
        with torch.inference_mode():
            modes.append(block_modes(model, block, study.convention))
    shown = _shown(modes, study)
    stimuli, notes = _pictures(bench, study)
    best, alike = yield from _pass(model, modes, stimuli)
    rows = _rows(modes, alike)
    plots = _plots(modes, alike, shown)
    for head in shown:
        more, gallery = _gallery(model, modes, best, stimuli, head, study.n_modes)
        rows += more
        plots[f"modes-gallery-{head[0]}-{head[1]}"] = gallery
    said = dict.fromkeys(of.made.obstacle for of in modes if of.made.obstacle)
    return Found(rows, plots, (*_notes(bench, study, len(stimuli)), *notes, *said)), len(stimuli)


def _shown(modes: Sequence[BlockModes], study: QueryKeyModes) -> list[Head]:
    """The heads of which a gallery is made."""
    if study.block >= 0:
        if study.block >= len(modes) or not 0 <= study.head < len(modes[study.block].sigma):
            raise UserError(
                f"There is no head {study.head} in a block {study.block}.",
                f"Blocks are 0 to {len(modes) - 1}, heads 0 to {len(modes[0].sigma) - 1}.",
            )
        return [(study.block, study.head)]
    cosines = {(block, head): float(c) for block, of in enumerate(modes) for head, c in enumerate(of.weighted_cosines)}
    return list(dict.fromkeys((max(cosines, key=cosines.__getitem__), min(cosines, key=cosines.__getitem__))))


def _pictures(bench: Bench, study: QueryKeyModes) -> tuple[list[Stimulus], list[str]]:
    """The pictures, and what must be known of them."""
    model = bench.model
    if bench.given is not None:
        return bench.given.laid_out(model), []
    if not study.folder:
        return [example.stimulus for example in bench.examples(study.n, study.seed)], []
    folder = Path(study.folder)
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise UserError(f"{folder} could not be listed.", "Name a folder of pictures.") from error
    found: list[Stimulus] = []
    n_left_out = 0
    for path in files:
        if len(found) == study.n:
            break
        try:
            found.append(Stimulus((), model.geometry, open_photo(path, model.geometry)))
        except UserError:
            n_left_out += 1
    if not found:
        raise UserError(f"There is no picture in {folder} that can be read.", "Name a folder of pictures.")
    said = f"{n_left_out} files of the folder could not be read as pictures and are left out."
    return found, [said] if n_left_out else []


def _pass(
    model: Model, modes: Sequence[BlockModes], stimuli: Sequence[Stimulus]
) -> Job[tuple[list[Best], tuple[float, ...]]]:
    """The best pictures of every mode, and how alike centre tokens of different pictures are as they enter a block."""
    best = [Best(of) for of in modes]
    centres: list[list[Tensor]] = [[] for _ in modes]
    grid = model.geometry.grid
    for first in range(0, len(stimuli), BATCH):
        chunk = stimuli[first : first + BATCH]
        with torch.inference_mode():
            x = embed(model, to_input(model, render_many(chunk)))  # [B, T, D]
            for block, of in enumerate(modes):
                patches = x[:, model.n_prefix :]
                centres[block].append(of.norm(patches[:, grid // 2 * grid + grid // 2]))
                sides = [of.sides(one) for one in patches]  # [H, N, P] each
                best[block].take(torch.stack([best_of_signs(*side) for side in sides], -1), first)
                x = advance(model, x, block) if block + 1 < len(modes) else x
        yield Progress(first + len(chunk), len(stimuli), "pictures of every mode")
    return best, tuple(mean_cosine(torch.cat(of)) if len(stimuli) > 1 else float("nan") for of in centres)


def _rows(modes: Sequence[BlockModes], alike: Sequence[float]) -> list[Row]:
    """One a block, and one a head: its cosine, the band of chance, and how many modes its scores spread over."""
    rows: list[Row] = []
    for block, (of, centre) in enumerate(zip(modes, alike, strict=True)):
        mean = float(of.weighted_cosines.mean())
        chance = float(of.chance.square().sum().sqrt() / len(of.chance))
        row = {"kind": "block", "block": block, "cosine": mean, "chance": chance, "centre tokens": centre}
        rows.append(row | {"relative": mean - centre})
    for block, of in enumerate(modes):
        spread = of.sigma.sum(-1).square() / of.sigma.square().sum(-1)
        values = zip(of.weighted_cosines.tolist(), of.chance.tolist(), of.sigma, spread.tolist(), strict=True)
        for head, (cosine, chance, sigma, wide) in enumerate(values):
            row = {"kind": "head", "block": block, "head": head, "cosine": cosine, "chance": chance}
            rows.append(row | {"largest sigma": float(sigma[0]), "modes in effect": wide})
    return rows


def _plots(modes: Sequence[BlockModes], alike: Sequence[float], shown: Sequence[Head]) -> dict[str, Plot]:
    plots: dict[str, Plot] = {
        "modes-depth": with_relative(cosine_curve(modes), alike),
        "modes-heads": cosine_map([tuple(of.weighted_cosines.tolist()) for of in modes]),
    }
    for block, head in shown:
        of = modes[block]
        where, band = f"block {block}, head {head}", chance_band(of.u.shape[-1])
        sigma, cosine = spectrum_plots(of.sigma[head].tolist(), of.cosines[head].tolist(), band, where)
        plots |= {f"modes-sigma-{block}-{head}": sigma, f"modes-cosine-{block}-{head}": cosine}
    return plots


def _gallery(
    model: Model, modes: Sequence[BlockModes], best: Sequence[Best], stimuli: Sequence[Stimulus], at: Head, n_modes: int
) -> tuple[list[Row], Gallery]:
    """The pictures with most of the first modes of a head, each beside what asks and what is looked at."""
    block, head = at
    of, words, pictures = modes[block], [], []
    rows: list[Row] = []
    for mode in range(min(n_modes, of.sigma.shape[1])):
        sign, found = best[block].of(head, mode)
        row = {"kind": "picture", "block": block, "head": head, "mode": mode, "sign": sign}
        rows += [row | {"picture": n, "score": score} for n, score in found]
        words.append(
            f"mode {mode} · σ {float(of.sigma[head, mode]):.2f} · cosine {signed(float(of.cosines[head, mode]))}"
        )
        pictures.append(tuple(_picture(model, of, stimuli[n], at, mode, sign, score) for n, score in found))
    title = f"Most of each mode of block {block}, head {head}: red asks, cyan is looked at"
    return rows, Gallery(title, tuple(words), tuple(pictures))


def _picture(model: Model, of: BlockModes, stimulus: Stimulus, at: Head, mode: int, sign: int, score: float) -> Picture:
    """A picture beside its red and cyan."""
    block, head = at
    with torch.inference_mode():
        x = embed(model, to_input(model, render(stimulus)[None]))
        for before in range(block):
            x = advance(model, x, before)
        sides = of.sides(x[0, model.n_prefix :])
    grid = model.geometry.grid
    query, key = (sign * side[head, mode].reshape(grid, grid).float().cpu().numpy() for side in sides)
    size = (SIDE_PX, SIDE_PX)
    both = (render(stimulus), red_cyan(query, key))
    halves = [np.asarray(Image.fromarray(half).resize(size, Image.Resampling.BILINEAR)) for half in both]
    file = io.BytesIO()
    Image.fromarray(np.concatenate(halves, 1)).save(file, "PNG", optimize=True)
    return Picture(base64.b64encode(file.getvalue()).decode("ascii"), f"{score:.3g}")


def _notes(bench: Bench, study: QueryKeyModes, n: int) -> list[str]:
    where = "of the set" if bench.given else "of the folder" if study.folder else "of the test split"
    what = "the raw projections, without norm and bias" if study.paper_convention else "the normalised stream"
    return [
        f"Modes of {what}. Cosines and spectra are of the weights alone; the gallery and the relative curve are of {n} "
        f"pictures {where}.",
        "The score of a picture is the largest query side of a patch times the largest key side, of the better sign; "
        "each counts from 0. Modes are counted by descending σ.",
        "A cosine above 0 says that a head looks at what is like the token that asks, below 0 at its opposite; it does "
        "not say what is carried over.",
    ]
