"""Diagnosis of this machine for ``dalston doctor``: one per thing, each with what to do."""
