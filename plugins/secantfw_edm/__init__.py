"""EDM (arXiv:2206.00364) as a two-time student and as a teacher. Importing this costs no torch."""
