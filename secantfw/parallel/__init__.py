"""One run on several processes: who they are, how they agree, how a gradient becomes common."""
