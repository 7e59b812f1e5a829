#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# The oracle that judges the detectors is itself tested.
set -e
python3 tests/oracle/test_oracle.py
python3 tests/oracle/test_handover.py
