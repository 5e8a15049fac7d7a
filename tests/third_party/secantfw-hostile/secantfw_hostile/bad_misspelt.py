"""A hook with its name misspelt."""

import secantfw


@secantfw.hookimpl
def secantfw_component(register):
    register.loss("never", "nowhere:Never")
