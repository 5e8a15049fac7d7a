"""Ships a folder that is not there."""

import secantfw


@secantfw.hookimpl
def secantfw_experiments():
    return ["/nowhere/at/all"]
