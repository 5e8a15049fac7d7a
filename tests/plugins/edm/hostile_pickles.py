"""EDM pickles that no honest program wrote: a maker of each, and what the refusal must say.

A module a kind; importing it enters its makers in HOSTILE.
"""

from __future__ import annotations

import hostile_calls  # noqa: F401
import hostile_claims  # noqa: F401
import hostile_file_kinds  # noqa: F401
import hostile_networks  # noqa: F401
import hostile_numbers  # noqa: F401
import hostile_values  # noqa: F401
from hostile_corpus import CANARY as CANARY
from hostile_corpus import HOSTILE as HOSTILE
