/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Contact data of a line, as an operator's list has it. A list is a table with a header that names
 * its columns, in any order; what is here has no column for anything that a notice does not need:
 *
 *   line      as `theriac who` prints it: "user:alice@isp.example"; the one that must be there
 *   name      address (may have several lines)
 *   email     phone
 *   language  such as en or pt-BR
 *   channels  of email sms messenger letter phone inbox; none: those whose data are there
 *   flags     of business hotspot wholesale protected
 *
 * What is sealed of it is line, name, email, phone and address. */
#pragma once
#include "act/vault.h"
#include "rec/subject.h"

enum subscriber_field {
	SUBSCRIBER_LINE,
	SUBSCRIBER_NAME,
	SUBSCRIBER_EMAIL,
	SUBSCRIBER_PHONE,
	SUBSCRIBER_ADDRESS,
	SUBSCRIBER_SEALED, /* those before this are sealed */
	SUBSCRIBER_LANGUAGE = SUBSCRIBER_SEALED,
	SUBSCRIBER_CHANNELS,
	SUBSCRIBER_FLAGS,
	SUBSCRIBER_FIELDS
};
enum subscriber_channel {
	CHANNEL_EMAIL = 1,
	CHANNEL_SMS = 2,
	CHANNEL_MESSENGER = 4,
	CHANNEL_LETTER = 8,
	CHANNEL_PHONE = 16,
	CHANNEL_INBOX = 32
};
enum { SUBSCRIBER_PLAIN_MAX = 1536, LANGUAGE_MAX = 12 };

struct subscriber {
	struct span field[SUBSCRIBER_SEALED]; /* borrowed, blanks around them cut off */
	char language[LANGUAGE_MAX];          /* "" : none said */
	uint32_t channels, flags;             /* enum subscriber_channel, enum subject_flags */
};

struct subscriber_columns {
	size_t at[SUBSCRIBER_FIELDS]; /* SIZE_MAX: not in this list */
};
/* Finds the columns by a header's names; appends those that are of no use to unknown. CONFIG: there
 * is no column `line`, or one stands there twice. */
int subscriber_header(const struct span *field, size_t n, struct subscriber_columns *c,
    struct text *unknown, struct err *e);
/* One row. NULL: it is good; else why not, in words that hold nothing of the row. */
const char *subscriber_row(
    const struct subscriber_columns *c, const struct span *field, size_t n, struct subscriber *s);

/* What is sealed, as bytes: padded to a multiple of 128, so that the length says little. */
size_t subscriber_pack(const struct subscriber *s, uint8_t plain[SUBSCRIBER_PLAIN_MAX]);
/* Back from plain; spans borrow it. Language, channels and flags are not in it. False: damaged. */
bool subscriber_unpack(const uint8_t *plain, size_t n, struct subscriber *s);
/* "email letter"; appends. */
void subscriber_channel_words(uint32_t channels, struct text *out);
void subscriber_flag_words(uint32_t flags, struct text *out);
