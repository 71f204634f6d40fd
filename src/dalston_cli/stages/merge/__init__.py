"""Merge: the results of all stages become one transcript. Pure: no file, no engine, no clock.

``model`` is what goes in; ``assemble`` is the way through; ``channel``, ``times``, ``speakers``,
``labels`` and ``provenance`` do its parts; ``doubtful`` leaves out what cannot have been said;
``notices``, ``plausibility`` and ``repetition`` say what looks wrong.
"""
