"""Brings a component with another plug-in's name, which is allowed."""

import secantfw


@secantfw.hookimpl
def secantfw_components(register):
    register.loss(
        "sdei", "secantfw_picard.sdei:SDEI", options="secantfw_picard.options:SDEIOptions"
    )
