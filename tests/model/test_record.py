"""A record does not change: the type checker holds that, and the records are compared and hashed by what they say."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace

from auditor.model.place import At


def test_the_type_checker_refuses_to_alter_a_record_and_to_make_half_of_one() -> None:
    program = (
        "from auditor.model.place import At\n"
        'at = At(host="ld1", source="/etc/hosts")\n'
        "at.line = 3\n"
        'At(host="ld1")\n'
        'At("ld1", "/etc/hosts")\n'
    )
    mypy = [sys.executable, "-m", "mypy", "--config-file=", "--strict", "--hide-error-codes", "-c", program]
    said = subprocess.run(mypy, capture_output=True, text=True, check=False).stdout
    assert [line.removeprefix("<string>:") for line in said.splitlines() if ": error: " in line] == [
        '3: error: Property "line" defined in "At" is read-only',
        '4: error: Missing named argument "source" for "At"',
        '5: error: Too many positional arguments for "At"',
    ]


def test_records_that_say_the_same_are_the_same() -> None:
    at = At(host="ld1", source="/etc/hosts", line=3)
    again = replace(replace(at, line=4), line=3)
    assert again is not at
    assert {at, again, pickle.loads(pickle.dumps(at))} == {at}
    assert at != replace(at, line=4)
    assert not hasattr(at, "__dict__")
