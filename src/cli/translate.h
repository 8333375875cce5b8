#ifndef US_CLI_TRANSLATE_H
#define US_CLI_TRANSLATE_H

/* understudy translate */
int cmd_translate(int argc, char **argv);

#endif
