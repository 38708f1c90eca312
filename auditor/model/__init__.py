"""The records that flow from stage to stage. No logic; imports nothing of auditor.

Three things are never confused:

- a record: looked and read;
- ``None``: looked, not there;
- ``Unknown``: could not look, or could not understand.
"""
