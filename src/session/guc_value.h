/* Inside the settings: checking and printing one value. */
#ifndef US_SESSION_GUC_VALUE_H
#define US_SESSION_GUC_VALUE_H

#include "session/guc.h"

/* Appends the value in the form it is kept (numbers in the setting's own unit); 22023 when it is not allowed. */
int guc_check_value(const GucDef *d, const char *value, const char *now, Buf *canon, Error *err);
/* "60000" of a setting in ms -> "1min". */
const char *guc_show_unit(const GucDef *d, const char *value, Arena *a);
/* Carries a checked value of TimeZone, DateStyle, ... into the type environment. */
void guc_apply_types(TypeEnv *types, const char *name, const char *value);

#endif
