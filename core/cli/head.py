"""The verb `relata head`: a model of 100 kinds of emoji, out of any whose weights stay as they are."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.arguments import seed, whole
from core.stimuli.datasets import EXAMPLES_MAX
from core.terminal import DEVICE_HELP, MODEL_HELP, add_named_arguments, device_of, say_assumed, watch

LEAST = 1000
"""Ten pictures of every kind."""


def add_head_verb(verbs: Any) -> None:
    """Add the verb to a parser's verbs."""
    verb = verbs.add_parser("head", help="fit a linear head for 100 kinds of emoji on a model")
    verb.add_argument("--model", default="dinov2-small", help=MODEL_HELP)
    add_named_arguments(verb)
    verb.add_argument("--images", type=whole(LEAST, EXAMPLES_MAX), default=8000, help="pictures to fit on")
    verb.add_argument("--tests", type=whole(1, EXAMPLES_MAX), default=2000, help="pictures to measure on")
    verb.add_argument("--seed", type=seed, default=0)
    verb.add_argument("--device", default="auto", help=DEVICE_HELP)
    verb.add_argument("--out", type=Path, required=True, help="the .safetensors file to write")
    verb.set_defaults(run=_head)


def _head(arguments: argparse.Namespace) -> int:
    from core.engine import verify
    from core.families.files import open_model
    from core.jobs.head import HeadOptions, make_emoji_model
    from core.storage import check_tensor_file, tensor_file

    out = tensor_file(arguments.out)
    check_tensor_file(out)
    model = verify(open_model(arguments.model, device_of(arguments)))
    say_assumed(model.assumed)
    card = watch(make_emoji_model(model, out, HeadOptions(arguments.images, arguments.tests, arguments.seed)))
    measured = card["accuracy"]
    print(f"right {measured['accuracy']:.3f} of {measured['n']} unseen pictures")
    for size, row in measured["by size"].items():
        if row["n"]:
            print(f"{size}: {row['accuracy']:.3f} of {row['n']}")
    print(out)
    return 0
