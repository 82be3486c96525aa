"""PROTOCOL.md as code, standard library alone: no clock, no file system, no library generator.

``canonical`` bytes and digests · ``table`` and ``merkle`` roots · ``commitment`` (with its ``public_source``) ·
``log`` entries and ``note`` checkpoints · ``publication`` proves a commitment public · ``reveal`` gives the seed ·
``ticket`` and ``rounding`` turn it into numbers · ``firms`` and ``inspectors`` are the two draws · ``afterwards``
replaces what cannot be carried out. All refuse with ``refusal.DrawRefusal``.
"""
