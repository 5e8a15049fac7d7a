"""Written for a plug-in API that is not there yet; its hooks must not run."""

import secantfw

SECANTFW_API = 2


@secantfw.hookimpl
def secantfw_components(register):
    raise AssertionError("a hook of another API version ran")
