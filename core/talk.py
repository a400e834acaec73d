"""The talk that ships, *The colour of A*: five scenes on the bundled models, which are a tutorial as well.

python -m core.talk        makes it anew from the models, in the place where it ships
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.analyses.pad import Pad
from core.demo import demo_document, token_of_first
from core.document import Document, View, changed, with_learned
from core.documents.files import SUFFIX, to_bytes
from core.documents.work import Moment, Scene, Work
from core.interventions.move import set_point
from core.interventions.probe import push_pair
from core.locations import resource_folder
from core.questions import Question

if TYPE_CHECKING:
    from core.session import Session

TITLE = "The colour of A"
EARLY, LATE = 0, 4
"""The blocks of the first model after which colour is written: where it is carried best, and where all is compared."""
RELATIONAL, COLOR_BLOCK, PROBE_BLOCK, ALPHA = "rmts", 1, 3, 40.0
DECIMALS = 2
"""Of a place on a pad: the same on every machine."""

FLIP = """\
Two stars, indigo and pink. Left alone, the model says DIFFERENT: −13.7, the hollow bar.

Not a pixel is changed. After block 0, in the directions that carry colour and in no others, A is put where pink lies. \
The answer is SAME: +10.2.

Try it: drag the thumb A over the pad. Where it is blue the model says SAME, and it flips at the dashed line. A double \
click gives A its own colour back; R in a talk, or a click on the scene, brings all back."""

TOO_LATE = """\
The same write, A put where pink lies, but after block 4. Nothing happens: −13.7, as without it.

By then the two were compared. What the model still holds of A's colour no longer decides.

Try it: drag A anywhere; nothing turns the answer. Under the pads of the window, the strip of layers says how often an \
exchange of colour works after each block: .94 after block 0, .02 after block 4. Drag its write marker back."""

CONTROL = """\
Was A only pushed hard enough? After block 0 again, and as far as in the first scene, but along as many random \
directions. The answer stays DIFFERENT: −13.4.

It is where A is pushed to that counts. An effect without its control is half a finding.

Try it: Intervene ▸ Back to the effect, and it flips; then “Wrong object”, which writes pink into B, which is pink."""

MATCH = """\
Another model, and a harder question: are two pairs alike in being same or different? On top the display pair, a \
yellow and a cyan star: different. Below the sample pair, two bowls: same. So the answer is DIFFERENT: −2.0.

A is put where cyan lies, after block 1. That makes the display pair a same pair, and the answer SAME: +7.3. The model \
compares what it made of the pairs.

Try it: drag B to where yellow lies instead. Give one bowl another colour: what should the answer be then?"""

PROBE = """\
A linear probe reads off after block 3 whether a pair is the same. Its direction, 40 times, is added to the display \
pair: SAME, +6.3. Nothing of shape or colour was written; it is the relation itself that was.

Over 800 pictures that turns .88 of the answers; pushed toward what the pair is already, .02.

Try it: pull the slider back to 0 and on to the other side. “Control” pushes the pair toward different: −1.8."""


def talk_path() -> Path:
    """Where the talk ships."""
    return resource_folder("talks") / f"the-colour-of-a{SUFFIX}"


def color_talk(session: Session) -> Work:
    """The talk, made from the bundled models: it opens on the demo, without an edit."""
    pair, two_pairs = demo_document(), demo_document(RELATIONAL, "rmts")
    flip = _put_on_b(session, pair, EARLY)
    scenes = (
        _scene(session, TITLE, FLIP, flip, EARLY),
        _scene(session, "Too late", TOO_LATE, _put_on_b(session, pair, LATE), LATE),
        _scene(session, "Control", CONTROL, _control(flip), EARLY),
        _scene(session, "Match to sample", MATCH, _put_on_b(session, two_pairs, COLOR_BLOCK), COLOR_BLOCK),
        _scene(session, "Probe", PROBE, push_pair(two_pairs, 0, PROBE_BLOCK, "same", ALPHA), PROBE_BLOCK),
    )
    view = _view(pair, EARLY)
    return Work(pair, view, history=(Moment(TITLE, pair, view),), scenes=scenes)


def _put_on_b(session: Session, document: Document, block: int) -> Document:
    """The colour of A where the mean of B's colour lies."""
    pad = Pad("color", block)
    places = session.answer(Question(document, (pad,))).found[pad]
    x, y = (round(float(at), DECIMALS) for at in places.landmarks[document.base.items[1].color])
    return set_point(document, 0, "color", block, (x, y))


def _control(document: Document) -> Document:
    (edit,) = document.interventions
    return replace(document, interventions=(changed(edit, control="random subspace"),))


def _scene(session: Session, name: str, note: str, document: Document, block: int) -> Scene:
    hashes = session.answer(Question(document)).model.asset_hashes
    return Scene(name, note, with_learned(document, hashes), _view(document, block))


def _view(document: Document, block: int) -> View:
    return View(read=block + 1, write=block, token=token_of_first(document.base))


def main() -> None:
    """Make the talk anew."""
    from core.session import Session

    path = talk_path()
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(to_bytes(color_talk(Session("cpu"))))


if __name__ == "__main__":
    main()
