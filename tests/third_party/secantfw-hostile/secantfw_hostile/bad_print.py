"""Prints when imported: through Python, through its buffer, and from a child process."""

import subprocess
import sys

import secantfw

print("hello from bad_print")
sys.stdout.write("and again\n")
sys.__stdout__.write("past the redirection\n")
subprocess.run([sys.executable, "-S", "-c", "print('from a child')"], check=True)


@secantfw.hookimpl
def secantfw_components(register):
    print("hello from a hook")
