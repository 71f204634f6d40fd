"""What commands have in common on the command line.

``general`` holds options of many commands as ``Annotated`` aliases; the other modules hold the
options of ``transcribe`` and ``plan`` as groups, which ``grouping.flatten`` turns into parameters.
"""
