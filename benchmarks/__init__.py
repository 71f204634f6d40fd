"""Speed, as ratios and counts within one run: seconds mean nothing on another machine."""
