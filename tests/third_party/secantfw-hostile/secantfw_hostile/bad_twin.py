"""Has the name of a plug-in that is there already."""

import secantfw


@secantfw.hookimpl
def secantfw_components(register):
    register.loss("never", "nowhere:Never")
