"""Seeded bugs of the losses, a file for each."""

from .monte_carlo import MONTE_CARLO
from .mutation import Mutation
from .runge_kutta import RUNGE_KUTTA
from .sdee import SDEE
from .sdei import SDEI
from .shared import SHARED_PATCHES
from .stee import STEE
from .stei import STEI
from .tangent import TANGENT_LOSS

MUTATIONS = [*SDEI, *STEI, *SDEE, *STEE, *TANGENT_LOSS, *MONTE_CARLO, *RUNGE_KUTTA]

__all__ = ["MUTATIONS", "SHARED_PATCHES", "Mutation"]
