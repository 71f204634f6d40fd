"""Options of commands.

``general`` holds options of many commands as ``Annotated`` aliases; ``batch`` holds groups of
options, which ``parameters.flatten`` turns into parameters.
"""
