"""A hook without its decorator, which nothing would ever call."""


def secantfw_components(register):
    register.loss("never", "nowhere:Never")
