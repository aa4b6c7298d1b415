/* SPDX-License-Identifier: Apache-2.0 */
/* store_error: SQLite results in, words and error codes out. Any thread. */
#include "archive/store_error.h"

#include <errno.h>

#include "base/err.h"

static int code_of(sqlite3 *db, int rc)
{
	int system = db ? sqlite3_system_errno(db) : 0;

	switch (rc & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return -EACCES;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return -WEIR_EFORMAT;
	default:
		return system == ENOSPC || system == EDQUOT || system == EFBIG ? -ENOSPC : -EIO;
	}
}

int store_failed(sqlite3 *db, int rc, const char *path, struct text *error)
{
	int err = code_of(db, rc);

	if (err == -WEIR_EFORMAT)
		text_addf(error,
			  "%s: the file is damaged or no coverage ledger of Weir; move it away to"
			  " begin a new one",
			  path);
	else if (err == -EIO)
		text_addf(error, "%s: %s; look at space, quota and health of the disk", path,
			  db ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
	else
		text_addf(error, "%s: %s; %s", path, err_text(err),
			  err == -ENOSPC   ? "free some space"
			  : err == -EACCES ? "let Weir read and write it and its folder"
			  : err == -EBUSY  ? "end the program that holds it locked"
					   : "free some memory");
	return err;
}
