"""The published experiments: one file each, found by `study.every_study`; `measures` is what they do with a network.

Importing a study loads no torch, so that the window and `relata --help` can name them all. Source: Lepori et al. 2024;
docs/methods.md. Where the authors' code differs from the idea, the sound version is the default and
`paper_convention` asks for theirs.
"""
