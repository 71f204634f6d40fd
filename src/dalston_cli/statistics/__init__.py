"""Statistics of conversations: who spoke how much, how fast, when, and over whom."""
