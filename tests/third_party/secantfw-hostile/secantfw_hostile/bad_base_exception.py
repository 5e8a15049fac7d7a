"""Raises what `except Exception` does not catch."""


class Unstoppable(BaseException):
    pass


raise Unstoppable("not an Exception")
