# What applications on Perl's DBI do: parameters, types, arrays, metadata, transactions, errors, COPY, asynchronous queries.
use strict;
use warnings;
use DBI;
use DBD::Pg qw(:pg_types :async);

my ($user, $host, $port, $name) = $ARGV[0] =~ m{://(\w+)@([\d.]+):(\d+)/(\w+)};
my $dsn = "dbi:Pg:host=$host;port=$port;dbname=$name";
my $db = DBI->connect($dsn, $user, '', { RaiseError => 1, PrintError => 0, AutoCommit => 1, pg_enable_utf8 => 1 });
binmode STDOUT, ':utf8';

sub show {
	my $v = shift;
	return 'undef' unless defined $v;
	return '[' . join(', ', map { show($_) } @$v) . ']' if ref $v eq 'ARRAY';
	return '{' . join(', ', map { "$_=" . show($v->{$_}) } sort keys %$v) . '}' if ref $v eq 'HASH';
	return "$v";
}
sub line { my $step = shift; print "$step: ", join('; ', map { show($_) } @_), "\n" }
sub fails {
	my ($step, $action) = @_;
	eval { $action->(); 1 } and return line($step, 'no error');
	my ($first) = split /\n/, $db->errstr;
	line($step, $db->state, $first, $db->{pg_error_field} // '');
}

$db->do('CREATE TABLE goods (id serial PRIMARY KEY, name varchar(10) UNIQUE NOT NULL, price numeric(6,2), ok bool DEFAULT true, made date, raw bytea, tags text[], j jsonb)');
$db->do('CREATE TABLE parts (good int REFERENCES goods, n int, PRIMARY KEY (good, n))');
my $in = $db->prepare('INSERT INTO goods (name, price, made, raw, tags, j) VALUES (?, ?, ?, ?, ?, ?) RETURNING id');
for my $n (1 .. 3) {
	$in->bind_param(1, "n\x{e4}$n");
	$in->bind_param(2, $n * 1.5);
	$in->bind_param(3, '2024-02-29');
	$in->bind_param(4, "\0\xff", { pg_type => PG_BYTEA });
	$in->bind_param(5, [ 'a', 'b c', undef ]);
	$in->bind_param(6, '{"k": [1]}');
	$in->execute;
	line('id', $in->fetchrow_array, $db->last_insert_id(undef, undef, 'goods', undef));
}
line('rows', map { $_->{raw} = unpack('H*', $_->{raw}); $_ } @{ $db->selectall_arrayref('SELECT * FROM goods ORDER BY id', { Slice => {} }) });
my $q = $db->prepare('SELECT id, name, price, ok, tags FROM goods WHERE id = ANY(?) ORDER BY id');
line('executed', 0 + $q->execute([ 1, 3 ]));
line('columns', $q->{NAME}, $q->{pg_type}, $q->{NULLABLE}, $q->{PRECISION}, $q->{SCALE});
line('hash', $q->fetchall_hashref('id'));
line('dollar', $db->selectrow_array('SELECT $1::int * $1::int', undef, 7));
line('rows affected', 0 + $db->do('UPDATE goods SET price = price * 2 WHERE id > ?', undef, 1));
fails('unique', sub { $db->do('INSERT INTO goods (name) VALUES (?)', undef, "n\x{e4}1") });
fails('foreign', sub { $db->do('INSERT INTO parts VALUES (99, 1)') });
fails('long', sub { $db->do('INSERT INTO goods (name) VALUES (?)', undef, 'x' x 11) });
fails('range', sub { $db->do('UPDATE goods SET price = 99999') });
$db->begin_work;
$db->do('INSERT INTO parts VALUES (1, 1)');
$db->pg_savepoint('s');
fails('in transaction', sub { $db->do('INSERT INTO parts VALUES (1, 1)') });
$db->pg_rollback_to('s');
$db->commit;
line('parts', $db->selectrow_array('SELECT count(*) FROM parts'));
line('ping', $db->ping, $db->{pg_pid} > 0);
line('tables', sort $db->tables('', 'public', '', 'TABLE'));
my $c = $db->column_info('', 'public', 'goods', '%');
line('column', @{$_}{qw(COLUMN_NAME DATA_TYPE TYPE_NAME COLUMN_SIZE NULLABLE COLUMN_DEF pg_type)}) for @{ $c->fetchall_arrayref({}) };
line('key', $db->primary_key('', 'public', 'parts'));
my $f = $db->foreign_key_info(undef, undef, undef, undef, 'public', 'parts');
line('foreign key', @{$_}{qw(UK_TABLE_NAME UK_COLUMN_NAME FK_TABLE_NAME FK_COLUMN_NAME FK_NAME)}) for @{ $f->fetchall_arrayref({}) };
my $s = $db->statistics_info(undef, 'public', 'goods', 0, 1);
line('index', map { $_ // '' } @{$_}{qw(INDEX_NAME NON_UNIQUE TYPE COLUMN_NAME ORDINAL_POSITION)}) for @{ $s->fetchall_arrayref({}) };
$db->do('COPY parts FROM STDIN');
$db->pg_putcopydata("2\t5\n");
$db->pg_putcopydata("3\t6\n");
$db->pg_putcopyend;
$db->do('COPY (SELECT * FROM parts ORDER BY 1) TO STDOUT');
my ($row, @out) = ('');
push @out, $row while $db->pg_getcopydata($row) >= 0;
chomp @out;
line('copy', @out);
$db->do('LISTEN hear');
$db->do("NOTIFY hear, 'x'");
my $n = $db->pg_notifies;
line('notify', $n->[0], $n->[2]);
$db->do('SELECT pg_sleep(0.1)', { pg_async => PG_ASYNC });
line('async', 0 + $db->pg_result);
{
	local $db->{AutoCommit} = 0;
	$db->do('DECLARE c CURSOR FOR SELECT i FROM generate_series(1, 5) i');
	line('cursor', $db->selectcol_arrayref('FETCH 2 FROM c'), $db->selectcol_arrayref('FETCH ALL FROM c'));
	$db->rollback;
}
$db->do('DROP TABLE parts, goods');
$db->disconnect;
