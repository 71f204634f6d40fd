"""The command lines of openai-whisper, whisper-ctranslate2 and whisperX, understood here."""
