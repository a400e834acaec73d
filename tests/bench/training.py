"""Fine-tuning against a loop as one writes it by hand: the same network, tokens and images, and AdamW."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
import torch.nn.functional as F
from measure import Row, Skipped, n_engine_threads, row_of, take_turns
from network import finished

from core.families.files import open_model
from core.families.model import Model, choose_device
from core.jobs.fine_tune import fine_tuned, of_model
from core.jobs.recipe import Recipe, read_recipe
from core.jobs.train import _begin, _step, draw_batch
from core.locations import bundled_models, resource_folder
from core.stimuli.datasets import all_kinds, balanced_set
from core.stimuli.render import render_many
from core.stimuli.tokens import kept_tokens

PARENT = "dinov2-small"
BATCH = 16
SECONDS = 40.0
AT_LEAST = 0.95


def rows() -> list[Row]:
    """Images a second of the shipped recipe: low rank, most of the background left out, images drawn for each step."""
    if PARENT not in bundled_models():
        raise Skipped(f"no model “{PARENT}” is bundled")
    torch.set_num_threads(n_engine_threads())
    model = open_model(PARENT, choose_device())
    recipe = read_recipe(
        resource_folder("recipes") / "fine-tune.toml", {"init": PARENT, "n_validate": 0, "full_every": 0}
    )
    with TemporaryDirectory() as folder:
        run = _begin(recipe, Path(folder) / "none.checkpoint", model.device)
        ours = finished(model, lambda: _step(run))
        sides = {"plain": finished(model, plain_loop(of_model(recipe, model), model)), "ours": ours}
        drawing = {"drawing": lambda: draw_batch(run.recipe, run.step, run.model)}
        times = take_turns({**sides, **drawing}, seconds=SECONDS)
    words = f"{PARENT}, low rank"
    return [
        row_of(f"plain loop of fine-tuning, {words}", times, lambda m: recipe.batch / m["plain"], "images/s"),
        row_of(
            f"fine-tuning / plain loop, images/s, {words}",
            times,
            lambda m: m["plain"] / m["ours"],
            limit="≥",
            target=AT_LEAST,
        ),
        row_of("share of a step that draws its images", times, lambda m: 100 * m["drawing"] / m["ours"], "%"),
    ]


def plain_loop(recipe: Recipe, model: Model) -> Callable[[], None]:
    """A step on a network of its own, which starts like ours."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = fine_tuned(recipe, model).network.to(model.device).train()
    learning = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=recipe.peak_lr, betas=(0.9, recipe.beta2), weight_decay=0.0)
    mean, std = (torch.tensor(v, device=model.device)[:, None, None] for v in (model.mean, model.std))
    seeds = iter(range(10**9))

    def step() -> None:
        seed = next(seeds)
        examples = balanced_set(recipe.task, recipe.batch, all_kinds(), seed, model.geometry)
        pixels = torch.from_numpy(render_many([e.stimulus for e in examples])).to(model.device)
        images = (pixels.permute(0, 3, 1, 2) / 255 - mean) / std
        labels = torch.tensor([e.label for e in examples], device=model.device)
        rng = np.random.default_rng(seed)
        kept = kept_tokens([e.stimulus for e in examples], model.geometry, recipe.keep_background, rng, model.n_prefix)
        tokens = torch.from_numpy(kept).to(model.device)
        optimizer.zero_grad()
        with torch.autocast(model.device.type, torch.bfloat16, enabled=recipe.bfloat16):
            x = network._pos_embed(network.patch_embed(images))
            x = network.norm_pre(x.gather(1, tokens[:, :, None].expand(-1, -1, x.shape[2])))
            logits = network.forward_head(network.norm(network.blocks(x)))
        F.cross_entropy(logits.float(), labels).backward()
        optimizer.step()

    return step
