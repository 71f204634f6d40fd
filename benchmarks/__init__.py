"""Speed, as ratios and counts within one run, or seconds of the processor.

Wall seconds mean nothing on another machine, nor on this one while others use it.
"""
