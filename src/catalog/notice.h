/* Messages to the client beside the results: sent when client_min_messages lets them through. */
#ifndef US_CATALOG_NOTICE_H
#define US_CATALOG_NOTICE_H

#include "base/buf.h"
#include "base/err.h"
#include "catalog/sessionvars.h"

/* `level` is the setting's word or the severity of NoticeResponse: DEBUG, LOG, INFO, NOTICE, WARNING. */
bool notice_wanted(const SessionVars *v, const char *level);
/* For what holds nothing but ASCII. */
void notice_put(const SessionVars *v, Buf *out, const Error *e, const char *severity);

#endif
