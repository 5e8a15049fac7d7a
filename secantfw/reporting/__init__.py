"""How a run is shown: report.html, the table, the pictures; made from a run directory alone."""
