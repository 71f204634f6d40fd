"""Language models on servers of the user's own: Ollama, and what speaks OpenAI's API."""
