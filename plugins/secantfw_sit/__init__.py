"""SiT (arXiv:2401.08740) as a two-time student and as a teacher. Importing this costs no torch."""
