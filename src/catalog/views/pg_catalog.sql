-- pg_catalog: relations that are views over others. Nothing is counted on SQLite: every number is 0, every time NULL.

@define USER_ONLY
n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
@define SYSTEM_ONLY
(n.nspname IN ('pg_catalog', 'information_schema') OR n.nspname ~ '^pg_toast')
@define RELATION
c.oid AS relid, n.nspname AS schemaname, c.relname AS relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
@define TABLE_KINDS
WHERE c.relkind IN ('r', 't', 'm')
@define INDEX
c.oid AS relid, i.oid AS indexrelid, n.nspname AS schemaname, c.relname AS relname, i.relname AS indexrelname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_index x ON c.oid = x.indrelid JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace

@define TABLE_COUNTS
relid o, schemaname n, relname n, seq_scan B, seq_tup_read B, idx_scan B, idx_tup_fetch B, n_tup_ins B, n_tup_upd B, n_tup_del B, n_tup_hot_upd B,
n_live_tup B, n_dead_tup B, n_mod_since_analyze B, n_ins_since_vacuum B, last_vacuum t, last_autovacuum t, last_analyze t, last_autoanalyze t,
vacuum_count B, autovacuum_count B, analyze_count B, autoanalyze_count B
@view pg_catalog.pg_stat_all_tables
$TABLE_COUNTS
SELECT $RELATION WHERE c.relkind IN ('r', 't', 'm', 'p')
@view pg_catalog.pg_stat_user_tables
$TABLE_COUNTS
SELECT $RELATION WHERE c.relkind IN ('r', 't', 'm', 'p') AND $USER_ONLY
@view pg_catalog.pg_stat_sys_tables
$TABLE_COUNTS
SELECT $RELATION WHERE c.relkind IN ('r', 't', 'm', 'p') AND $SYSTEM_ONLY

@define XACT_COUNTS
relid o, schemaname n, relname n, seq_scan B, seq_tup_read B, idx_scan B, idx_tup_fetch B, n_tup_ins B, n_tup_upd B, n_tup_del B, n_tup_hot_upd B
@view pg_catalog.pg_stat_xact_all_tables
$XACT_COUNTS
SELECT $RELATION WHERE c.relkind IN ('r', 't', 'm', 'p')
@view pg_catalog.pg_stat_xact_user_tables
$XACT_COUNTS
SELECT $RELATION WHERE c.relkind IN ('r', 't', 'm', 'p') AND $USER_ONLY
@view pg_catalog.pg_stat_xact_sys_tables
$XACT_COUNTS
SELECT $RELATION WHERE c.relkind IN ('r', 't', 'm', 'p') AND $SYSTEM_ONLY

@define INDEX_COUNTS
relid o, indexrelid o, schemaname n, relname n, indexrelname n, idx_scan B, idx_tup_read B, idx_tup_fetch B
@view pg_catalog.pg_stat_all_indexes
$INDEX_COUNTS
SELECT $INDEX $TABLE_KINDS
@view pg_catalog.pg_stat_user_indexes
$INDEX_COUNTS
SELECT $INDEX $TABLE_KINDS AND $USER_ONLY
@view pg_catalog.pg_stat_sys_indexes
$INDEX_COUNTS
SELECT $INDEX $TABLE_KINDS AND $SYSTEM_ONLY

@define TABLE_BLOCKS
relid o, schemaname n, relname n, heap_blks_read B, heap_blks_hit B, idx_blks_read b, idx_blks_hit b, toast_blks_read b, toast_blks_hit b, tidx_blks_read b, tidx_blks_hit b
@define BLOCKS
CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_index x WHERE x.indrelid = c.oid) THEN 0 END AS idx_blks_read,
CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_index x WHERE x.indrelid = c.oid) THEN 0 END AS idx_blks_hit
@view pg_catalog.pg_statio_all_tables
$TABLE_BLOCKS
SELECT $BLOCKS, $RELATION $TABLE_KINDS
@view pg_catalog.pg_statio_user_tables
$TABLE_BLOCKS
SELECT $BLOCKS, $RELATION $TABLE_KINDS AND $USER_ONLY
@view pg_catalog.pg_statio_sys_tables
$TABLE_BLOCKS
SELECT $BLOCKS, $RELATION $TABLE_KINDS AND $SYSTEM_ONLY

@define INDEX_BLOCKS
relid o, indexrelid o, schemaname n, relname n, indexrelname n, idx_blks_read B, idx_blks_hit B
@view pg_catalog.pg_statio_all_indexes
$INDEX_BLOCKS
SELECT $INDEX $TABLE_KINDS
@view pg_catalog.pg_statio_user_indexes
$INDEX_BLOCKS
SELECT $INDEX $TABLE_KINDS AND $USER_ONLY
@view pg_catalog.pg_statio_sys_indexes
$INDEX_BLOCKS
SELECT $INDEX $TABLE_KINDS AND $SYSTEM_ONLY

@define SEQUENCE_BLOCKS
relid o, schemaname n, relname n, blks_read B, blks_hit B
@view pg_catalog.pg_statio_all_sequences
$SEQUENCE_BLOCKS
SELECT $RELATION WHERE c.relkind = 'S'
@view pg_catalog.pg_statio_user_sequences
$SEQUENCE_BLOCKS
SELECT $RELATION WHERE c.relkind = 'S' AND $USER_ONLY
@view pg_catalog.pg_statio_sys_sequences
$SEQUENCE_BLOCKS
SELECT $RELATION WHERE c.relkind = 'S' AND $SYSTEM_ONLY

@view pg_catalog.pg_stat_database
datid o, datname n, numbackends I, xact_commit B, xact_rollback B, blks_read B, blks_hit B, tup_returned B, tup_fetched B, tup_inserted B, tup_updated B,
tup_deleted B, conflicts B, temp_files B, temp_bytes B, deadlocks B, checksum_failures b, checksum_last_failure t, blk_read_time D, blk_write_time D,
session_time D, active_time D, idle_in_transaction_time D, sessions B, sessions_abandoned B, sessions_fatal B, sessions_killed B, stats_reset t
SELECT d.oid AS datid, d.datname AS datname,
(SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid) AS numbackends FROM pg_catalog.pg_database d
UNION ALL SELECT 0, NULL, 0
@view pg_catalog.pg_stat_database_conflicts
datid o, datname n, confl_tablespace B, confl_lock B, confl_snapshot B, confl_bufferpin B, confl_deadlock B
SELECT d.oid AS datid, d.datname AS datname FROM pg_catalog.pg_database d
@view pg_catalog.pg_stat_archiver
archived_count B, last_archived_wal x, last_archived_time t, failed_count B, last_failed_wal x, last_failed_time t, stats_reset t
SELECT 1
@view pg_catalog.pg_stat_bgwriter
checkpoints_timed B, checkpoints_req B, checkpoint_write_time D, checkpoint_sync_time D, buffers_checkpoint B, buffers_clean B, maxwritten_clean B,
buffers_backend B, buffers_backend_fsync B, buffers_alloc B, stats_reset t
SELECT 1
@view pg_catalog.pg_stat_wal
wal_records B, wal_fpi B, wal_bytes M, wal_buffers_full B, wal_write B, wal_sync B, wal_write_time D, wal_sync_time D, stats_reset t
SELECT 1
@view pg_catalog.pg_stat_slru
name x, blks_zeroed B, blks_hit B, blks_read B, blks_written B, blks_exists B, flushes B, truncates B, stats_reset t
SELECT s.name AS name FROM (VALUES ('CommitTs'), ('MultiXactMember'), ('MultiXactOffset'), ('Notify'), ('Serial'), ('Subtrans'), ('Xact'), ('other')) s (name)
@view pg_catalog.pg_stat_recovery_prefetch
stats_reset t, prefetch B, hit B, skip_init B, skip_new B, skip_fpw B, skip_rep B, wal_distance I, block_distance I, io_depth I
SELECT 1
@view pg_catalog.pg_stat_ssl
pid i, ssl l, version x, cipher x, bits i, client_dn x, client_serial m, issuer_dn x
SELECT a.pid AS pid, false AS ssl FROM pg_catalog.pg_stat_activity a WHERE a.client_port IS NOT NULL
@view pg_catalog.pg_stat_gssapi
pid i, gss_authenticated l, principal x, encrypted l
SELECT a.pid AS pid, false AS gss_authenticated, false AS encrypted FROM pg_catalog.pg_stat_activity a WHERE a.client_port IS NOT NULL

@view pg_catalog.pg_tables
SELECT n.nspname AS schemaname, c.relname AS tablename, pg_catalog.pg_get_userbyid(c.relowner) AS tableowner, NULL::name AS tablespace,
c.relhasindex AS hasindexes, c.relhasrules AS hasrules, c.relhastriggers AS hastriggers, c.relrowsecurity AS rowsecurity FROM
pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'

@view pg_catalog.pg_views
SELECT n.nspname AS schemaname, c.relname AS viewname, pg_catalog.pg_get_userbyid(c.relowner) AS viewowner,
pg_catalog.pg_get_viewdef(c.oid) AS definition FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE
c.relkind = 'v'

@view pg_catalog.pg_indexes
SELECT n.nspname AS schemaname, c.relname AS tablename, i.relname AS indexname, NULL::name AS tablespace,
pg_catalog.pg_get_indexdef(i.oid) AS indexdef FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indrelid JOIN
pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace

@view pg_catalog.pg_sequences
SELECT n.nspname AS schemaname, c.relname AS sequencename, pg_catalog.pg_get_userbyid(c.relowner) AS sequenceowner, s.seqtypid::regtype AS
data_type, s.seqstart AS start_value, s.seqmin AS min_value, s.seqmax AS max_value, s.seqincrement AS increment_by, s.seqcycle AS cycle,
s.seqcache AS cache_size, pg_catalog.pg_sequence_last_value(c.oid) AS last_value FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c
ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace

@view pg_catalog.pg_matviews
SELECT n.nspname AS schemaname, c.relname AS matviewname, pg_catalog.pg_get_userbyid(c.relowner) AS matviewowner, NULL::name AS tablespace,
c.relhasindex AS hasindexes, c.relispopulated AS ispopulated, pg_catalog.pg_get_viewdef(c.oid) AS definition
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm'
