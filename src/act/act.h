/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What reaches people: the vault's keys and what it knows of subscribers. So far the keys, the
 * sheet that brings them back, and the rows of contact data; notices come later. */
#pragma once
#include "act/sheet.h"
#include "act/subscriber.h"
#include "act/vault.h"
