"""Output formats: one file each, a registry of them, and the rules that subtitles follow.

Writers turn a transcript into text; nothing here touches audio or engines.
"""
