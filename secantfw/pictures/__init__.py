"""What evaluation and reports draw: sample grids as PNG, charts as SVG, and their colours."""
