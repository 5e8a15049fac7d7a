"""A hook that asks for an argument nobody has."""

import secantfw


@secantfw.hookimpl
def secantfw_components(registry):
    registry.loss("never", "nowhere:Never")
