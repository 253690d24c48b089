"""Descriptions of a build that other tools read: a Workflow Run RO-Crate, and Croissant for the rows."""
