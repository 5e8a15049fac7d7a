"""Takes its time."""

import os
import time

import secantfw

time.sleep(float(os.environ.get("HOSTILE_SECONDS", "10")))


@secantfw.hookimpl
def secantfw_components(register):
    pass
