"""The command line: one file per verb; only verbs that compute import torch."""
