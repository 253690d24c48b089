"""Read raw runs; make statistics, values, tables and figures. Never imports torch."""
