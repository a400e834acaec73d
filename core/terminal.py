"""A job's progress on the terminal."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, TypeVar

from core.arguments import seed
from core.catalogue import is_named
from core.cores import limit_threads
from core.errors import UserError
from core.locations import LOCAL_FOLDER
from core.progress import Progress
from core.signals import ENDING, first_heard
from core.streams import say

if TYPE_CHECKING:
    import torch

Result = TypeVar("Result")

MODEL_HELP = "one that ships or is in your library, a file or folder, timm:NAME or hf-hub:OWNER/NAME"
DEVICE_HELP = "cpu, cuda, cuda:1 or mps (default: the fastest that works)"
CLEARED = "\r\033[K"


def watch(job: Generator[object, None, Result], *, quiet: bool = False) -> Result:
    """Run a job to its end with a line of progress and time left on the terminal; what else it yields is passed over.

    Ctrl-C, or another signal that asks to end, lets the step under way finish and closes the job, which can then write
    what it has; a second one stops at once. Raises KeyboardInterrupt with the signal's number.
    """
    start, shown = time.monotonic(), 0.0
    first = last = Progress(0, 0, "")
    with first_heard(*ENDING) as asked_to_stop:
        try:
            while True:
                progress = next(job)
                if number := asked_to_stop():
                    raise KeyboardInterrupt(number)
                if quiet or not isinstance(progress, Progress):
                    continue
                now = time.monotonic()
                if progress.total != last.total or progress.done < last.done:  # another stage of the job
                    start, first = now, progress
                last = progress
                if now - shown < 0.5:
                    continue
                shown = now
                say(f"{CLEARED}{_line(progress, progress.done - first.done, now - start)}", end="")
        except StopIteration as stop:
            result: Result = stop.value
            return result
        finally:
            job.close()
            if shown:
                say(CLEARED, end="")


def say_assumed(sentences: Sequence[str], name: str = "") -> None:
    """Say once what was taken for granted of a model, where its numbers do not mix with it."""
    for sentence in sentences:
        say(f"relata: {f'{name}: ' if name else ''}{sentence}")


def add_named_arguments(verb: argparse.ArgumentParser) -> None:
    """Add what a verb can be told of a model that is named, and is not in the library yet."""
    verb.add_argument("--download", action="store_true", help="fetch its weights where they are not on this computer")
    verb.add_argument("--random", type=seed, metavar="SEED", help="give it random weights")
    add_assume_argument(verb)


def add_assume_argument(verb: argparse.ArgumentParser) -> None:
    """Add what a verb can be told of a checkpoint that does not say all."""
    verb.add_argument(
        "--assume",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="of a file of another program, what it does not say, such as act_layer=quick_gelu or labels=cat,dog; may "
        "be given again",
    )


def locate(arguments: argparse.Namespace) -> None:
    """Put models that are named, or are files of another program, into the library, and call them as they are called
    there.

    Raises UserError where one cannot be had.
    """
    for option in ("model", "init", "beside"):
        given = getattr(arguments, option, None)
        if isinstance(given, list):
            setattr(arguments, option, [_located(reference, arguments) for reference in given])
        elif given:
            setattr(arguments, option, _located(given, arguments))


def _located(reference: str, arguments: argparse.Namespace) -> str:
    if is_named(reference):
        from core.jobs.fetch_model import fetch_model

        stated = stated_of(arguments.assume)
        name = watch(fetch_model(reference, may_download=arguments.download, seed=arguments.random, stated=stated))
    elif os.path.exists(reference.removeprefix(LOCAL_FOLDER)):
        from core.families.importing import imported

        name = imported(reference, stated_of(arguments.assume))
    else:
        return reference
    if name != reference:
        say(f"relata: {reference} is in your library as: {name}")
    return name


def stated_of(words: Sequence[str]) -> dict[str, str]:
    """What is to be assumed of a checkpoint, by name.

    Raises UserError for what is no NAME=VALUE.
    """
    parts = [word.partition("=") for word in words]
    if odd := next((word for word, (name, equals, _) in zip(words, parts, strict=True) if not (name and equals)), ""):
        raise UserError(f"“{odd}” is no NAME=VALUE.", "Write, for instance, --assume act_layer=quick_gelu.")
    return {name: value for name, _, value in parts}


def device_of(arguments: argparse.Namespace) -> torch.device:
    """The device asked for, with no more threads than there are cores; where it is another one, stderr says so."""
    from core.families.model import choose_device

    limit_threads()
    return choose_device(arguments.device, lambda words: say(f"relata: {words}"))


def check_device(arguments: argparse.Namespace) -> None:
    """Raises UserError where the device that is named cannot be used, before another program is to use it."""
    if arguments.device not in ("auto", "cpu"):
        device_of(arguments)


def _line(progress: Progress, gained: float, seconds: float) -> str:
    """How far the job is, and how long it takes yet at the pace so far."""
    rate = gained / seconds if seconds > 0 else 0.0
    left = f"{(progress.total - progress.done) / rate / 60:.1f} min left" if rate else ""
    values = "  ".join(f"{name} {value:.3f}" for name, value in progress.values.items())
    return f"{100 * progress.done / progress.total:5.1f} %  {left}  {progress.message}  {values}"
