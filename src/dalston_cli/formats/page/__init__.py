"""The page on which a transcript is read, heard and corrected.

``document.py`` has what it shows, ``assets.py`` joins its files; those lie in ``files``.
"""
