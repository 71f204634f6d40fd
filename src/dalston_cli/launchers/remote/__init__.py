"""Engines at URLs, which Dalston reaches and does not manage."""
