# What applications on Ruby's pg do: typed parameters and results, prepared statements, single-row mode, transactions, errors, COPY, LISTEN.
require 'json'
require 'pg'

def line(step, value)
  puts "#{step}: #{JSON.generate(value)}"
end

def fails(step)
  yield
  line(step, 'no error')
rescue PG::Error => e
  line(step, [e.class.name, e.result&.error_field(PG::Result::PG_DIAG_SQLSTATE), e.result&.error_field(PG::Result::PG_DIAG_MESSAGE_PRIMARY)])
end

db = PG.connect(ARGV[0])
db.set_notice_processor { |m| line('notice', m) }
db.type_map_for_results = PG::BasicTypeMapForResults.new(db)
db.type_map_for_queries = PG::BasicTypeMapForQueries.new(db)
db.exec('DROP TABLE IF EXISTS notes')
db.exec('CREATE TABLE notes (id int PRIMARY KEY, at timestamptz, day date, score float8, cost numeric, done bool, body text, data jsonb, parts int[], words text[], raw bytea, ip inet)')
db.exec_params('INSERT INTO notes VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)',
               [1, Time.utc(2024, 2, 29, 1, 2, 3), Date.new(2024, 2, 29), 0.1, '12.340', true, "ü'\"", '{"a": 1}', '{1,NULL,3}', '{"a b","\\""}', PG::BasicTypeMapForQueries::BinaryData.new("\x00\xff".b), '10.0.0.1'])
line('row', db.exec('SELECT * FROM notes')[0].transform_values { |v| v.is_a?(String) ? v.unpack1('H*') : v.to_s })
r = db.exec_params('SELECT $1::int + 1 AS n, $2::text[] AS t', [41, %w[x y]], 1)
line('binary', [r.fformat(0), r.ftype(0), r.fname(1), r.values.map { |v| v.map(&:to_s) }])
db.prepare('one', 'SELECT body FROM notes WHERE id = $1')
line('prepared', [db.exec_prepared('one', [1]).values, db.describe_prepared('one').nparams, db.describe_prepared('one').paramtype(0)])
line('several', db.exec('SELECT 1 AS a; SELECT 2 AS b').values)
db.send_query('SELECT i FROM generate_series(1, 4) i')
db.set_single_row_mode
seen = []
while (r = db.get_result)
  seen << [r.result_status, r.ntuples]
end
line('single rows', seen)
line('tuples', [db.exec('UPDATE notes SET done = false').cmd_tuples, db.exec('DELETE FROM notes WHERE id = 9').cmd_status])
db.transaction do |c|
  c.exec("INSERT INTO notes (id) VALUES (2)")
end
fails('rolled back') do
  db.transaction do |c|
    c.exec('INSERT INTO notes (id) VALUES (3)')
    c.exec('INSERT INTO notes (id) VALUES (2)')
  end
end
line('count', db.exec('SELECT count(*) FROM notes').getvalue(0, 0))
fails('syntax') { db.exec('SELEC 1') }
fails('column') { db.exec('SELECT nope FROM notes') }
fails('overflow') { db.exec('SELECT 2147483647 + 1') }
fails('parameter count') { db.exec_params('SELECT $1::int', [1, 2]) }
db.copy_data('COPY notes (id, body) FROM STDIN CSV') do
  db.put_copy_data("4,four\n")
  db.put_copy_data("5,\"fi,ve\"\n")
end
fails('bad copy') { db.copy_data('COPY notes (id) FROM STDIN') { db.put_copy_data("x\n") } }
out = []
db.copy_data('COPY (SELECT id, body FROM notes ORDER BY id) TO STDOUT') { while (row = db.get_copy_data) do out << row end }
line('copy', out)
other = PG.connect(ARGV[0])
db.exec('LISTEN "Loud Channel"')
other.exec("NOTIFY \"Loud Channel\", 'hey'")
db.wait_for_notify(5) { |channel, pid, payload| line('heard', [channel, pid == other.backend_pid, payload]) }
db.send_query('SELECT pg_sleep(20)')
db.cancel
fails('cancelled') { db.get_last_result }
db.enter_pipeline_mode
db.send_query_params('SELECT $1::int AS a', [7])
db.send_query_params('SELECT 1/0', [])
db.send_query_params('SELECT 2', [])
db.pipeline_sync
statuses = []
6.times { r = db.get_result; statuses << (r && r.result_status) }
line('pipeline', statuses)
db.get_result
db.exit_pipeline_mode rescue line('left', 'no')
other.exec('DROP TABLE notes')
line('status', [other.parameter_status('server_encoding'), other.parameter_status('integer_datetimes'), other.transaction_status, other.server_version / 10000])
