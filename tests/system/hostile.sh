#!/bin/sh
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Damaged input of every format never stops the rest: see hostile.py.
. tests/system/parts
export THERIAC
python3 tests/system/hostile.py "$work" || fail "see above"
