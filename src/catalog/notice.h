/* Messages to the client beside the results: sent when client_min_messages lets them through. */
#ifndef US_CATALOG_NOTICE_H
#define US_CATALOG_NOTICE_H

#include "base/buf.h"
#include "base/err.h"
#include "catalog/sessionvars.h"

/* `severity` as NoticeResponse names it: DEBUG, LOG, INFO, NOTICE, WARNING; `level` is the setting's word for it. */
void notice_put_level(const SessionVars *v, Buf *out, const Error *e, const char *severity, const char *level);
void notice_put(const SessionVars *v, Buf *out, const Error *e, const char *severity);

#endif
