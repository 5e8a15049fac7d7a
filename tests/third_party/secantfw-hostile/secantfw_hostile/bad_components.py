"""Raises after it has registered something, which must not stay."""

import secantfw


@secantfw.hookimpl
def secantfw_components(register):
    register.loss("half", "nowhere:Half")
    raise ZeroDivisionError("in the middle of registering")
