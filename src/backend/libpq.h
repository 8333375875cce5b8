/*
 * libpq, loaded when a primary is configured and not before.
 *
 * Linked in the usual way libpq brings Kerberos, LDAP and GnuTLS along: half of the memory and a third of the start of a server that has no
 * primary. Include this header instead of <libpq-fe.h>; its functions are then called under their own names. OpenSSL's functions for a
 * connection's TLS come from the very library that libpq uses.
 */
#ifndef US_BACKEND_LIBPQ_H
#define US_BACKEND_LIBPQ_H

#include "base/err.h"

#include <libpq-fe.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdatomic.h>

#define LIBPQ_FUNCTIONS(F)                                                                                                                 \
	F(PQcancel)                                                                                                                        \
	F(PQclear)                                                                                                                         \
	F(PQcmdTuples)                                                                                                                     \
	F(PQconnectPoll)                                                                                                                   \
	F(PQconnectStartParams)                                                                                                            \
	F(PQconnectdbParams)                                                                                                               \
	F(PQconninfoFree)                                                                                                                  \
	F(PQconninfoParse)                                                                                                                 \
	F(PQconsumeInput)                                                                                                                  \
	F(PQenterPipelineMode)                                                                                                             \
	F(PQerrorMessage)                                                                                                                  \
	F(PQexec)                                                                                                                          \
	F(PQexitPipelineMode)                                                                                                              \
	F(PQfinish)                                                                                                                        \
	F(PQflush)                                                                                                                         \
	F(PQfname)                                                                                                                         \
	F(PQfreeCancel)                                                                                                                    \
	F(PQfreemem)                                                                                                                       \
	F(PQgetCancel)                                                                                                                     \
	F(PQgetCopyData)                                                                                                                   \
	F(PQgetResult)                                                                                                                     \
	F(PQgetisnull)                                                                                                                     \
	F(PQgetssl)                                                                                                                        \
	F(PQgetvalue)                                                                                                                      \
	F(PQisBusy)                                                                                                                        \
	F(PQnfields)                                                                                                                       \
	F(PQntuples)                                                                                                                       \
	F(PQparameterStatus)                                                                                                               \
	F(PQpipelineSync)                                                                                                                  \
	F(PQputCopyData)                                                                                                                   \
	F(PQresultErrorField)                                                                                                              \
	F(PQresultErrorMessage)                                                                                                            \
	F(PQresultStatus)                                                                                                                  \
	F(PQsendPrepare)                                                                                                                   \
	F(PQsendQuery)                                                                                                                     \
	F(PQsendQueryParams)                                                                                                               \
	F(PQsendQueryPrepared)                                                                                                             \
	F(PQserverVersion)                                                                                                                 \
	F(PQsetnonblocking)                                                                                                                \
	F(PQsocket)                                                                                                                        \
	F(PQstatus)

/* Absent from a libpq without TLS, which never has a handle to call them with. */
#define LIBPQ_TLS_FUNCTIONS(F)                                                                                                             \
	F(ERR_clear_error)                                                                                                                 \
	F(SSL_get_error)                                                                                                                   \
	F(SSL_pending)                                                                                                                     \
	F(SSL_read)                                                                                                                        \
	F(SSL_write)

typedef struct LibPq {
#define LIBPQ_MEMBER(f) __typeof__(f) *f;
	LIBPQ_FUNCTIONS(LIBPQ_MEMBER)
	LIBPQ_TLS_FUNCTIONS(LIBPQ_MEMBER)
#undef LIBPQ_MEMBER
} LibPq;

/* Loads the library once; safe from any thread. -1 with 58P01 when it is not installed or lacks a function. Call it before anything that
 * may connect, so that the failure can be told. */
int libpq_load(Error *err);

/* The loaded functions; NULL before. Written once. */
extern const LibPq *_Atomic libpq_functions;
/* Loads, or ends the process saying why. */
const LibPq *libpq_load_or_die(void);

static inline const LibPq *libpq(void)
{
	const LibPq *l = atomic_load_explicit(&libpq_functions, memory_order_acquire);
	return l ? l : libpq_load_or_die();
}

#ifndef LIBPQ_OWN_NAMES /* for libpq.c, which lists them */
#define PQcancel (libpq()->PQcancel)
#define PQclear (libpq()->PQclear)
#define PQcmdTuples (libpq()->PQcmdTuples)
#define PQconnectPoll (libpq()->PQconnectPoll)
#define PQconnectStartParams (libpq()->PQconnectStartParams)
#define PQconnectdbParams (libpq()->PQconnectdbParams)
#define PQconninfoFree (libpq()->PQconninfoFree)
#define PQconninfoParse (libpq()->PQconninfoParse)
#define PQconsumeInput (libpq()->PQconsumeInput)
#define PQenterPipelineMode (libpq()->PQenterPipelineMode)
#define PQerrorMessage (libpq()->PQerrorMessage)
#define PQexec (libpq()->PQexec)
#define PQexitPipelineMode (libpq()->PQexitPipelineMode)
#define PQfinish (libpq()->PQfinish)
#define PQflush (libpq()->PQflush)
#define PQfname (libpq()->PQfname)
#define PQfreeCancel (libpq()->PQfreeCancel)
#define PQfreemem (libpq()->PQfreemem)
#define PQgetCancel (libpq()->PQgetCancel)
#define PQgetCopyData (libpq()->PQgetCopyData)
#define PQgetResult (libpq()->PQgetResult)
#define PQgetisnull (libpq()->PQgetisnull)
#define PQgetssl (libpq()->PQgetssl)
#define PQgetvalue (libpq()->PQgetvalue)
#define PQisBusy (libpq()->PQisBusy)
#define PQnfields (libpq()->PQnfields)
#define PQntuples (libpq()->PQntuples)
#define PQparameterStatus (libpq()->PQparameterStatus)
#define PQpipelineSync (libpq()->PQpipelineSync)
#define PQputCopyData (libpq()->PQputCopyData)
#define PQresultErrorField (libpq()->PQresultErrorField)
#define PQresultErrorMessage (libpq()->PQresultErrorMessage)
#define PQresultStatus (libpq()->PQresultStatus)
#define PQsendPrepare (libpq()->PQsendPrepare)
#define PQsendQuery (libpq()->PQsendQuery)
#define PQsendQueryParams (libpq()->PQsendQueryParams)
#define PQsendQueryPrepared (libpq()->PQsendQueryPrepared)
#define PQserverVersion (libpq()->PQserverVersion)
#define PQsetnonblocking (libpq()->PQsetnonblocking)
#define PQsocket (libpq()->PQsocket)
#define PQstatus (libpq()->PQstatus)
#define ERR_clear_error (libpq()->ERR_clear_error)
#define SSL_get_error (libpq()->SSL_get_error)
#define SSL_pending (libpq()->SSL_pending)
#define SSL_read (libpq()->SSL_read)
#define SSL_write (libpq()->SSL_write)
#endif

#endif
