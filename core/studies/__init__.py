"""The published experiments end to end, each one job that returns a `StudyResult`.

Source: Lepori et al. 2024; docs/methods.md. Where the authors' code differs from the idea, the sound version is the
default and `paper_convention` asks for theirs.
"""
