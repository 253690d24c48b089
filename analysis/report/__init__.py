"""The HTML report: an overview, phases, tables, figures, values and runs, readable without a network."""
