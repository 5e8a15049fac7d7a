"""The Python interface: `secantfw.load(run)`, `secantfw.run(file)`, and what they return."""
