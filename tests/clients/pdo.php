<?php
// What applications on PHP's PDO do: prepared statements native and emulated, types, LOBs, fetch modes, transactions, errors, COPY, LISTEN.
$u = parse_url($argv[1]);
$dsn = sprintf('pgsql:host=%s;port=%d;dbname=%s', $u['host'], $u['port'], substr($u['path'], 1));
$db = new PDO($dsn, $u['user'], '', [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC]);

function line($step, $value) {
	array_walk_recursive($value, function (&$v) { if (is_resource($v)) $v = bin2hex(stream_get_contents($v)); });
	echo $step, ': ', json_encode($value, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES), "\n";
}

function fails($step, $action) {
	try {
		$action();
		line($step, ['no error']);
	} catch (PDOException $e) {
		line($step, [$e->errorInfo[0], explode("\n", $e->errorInfo[2])[0]]);
	}
}

$db->exec("CREATE TABLE goods (id serial PRIMARY KEY, name varchar(20) NOT NULL UNIQUE, price numeric(8,2) DEFAULT 1, ok boolean, made timestamptz DEFAULT '2024-01-02 03:04:05+00', doc json, raw bytea, tags text[], f float8, big bigint)");
$p = $db->prepare('INSERT INTO goods (name, price, ok, doc, raw, tags, f, big) VALUES (:name, :price, :ok, :doc, :raw, :tags, :f, :big) RETURNING id');
foreach ([['ä"\'', '1.5', true], ['b', null, false], ['c?', '99999.99', null]] as [$name, $price, $ok]) {
	$p->bindValue('name', $name);
	$p->bindValue('price', $price);
	$p->bindValue('ok', $ok, PDO::PARAM_BOOL);
	$p->bindValue('doc', '{"a": [1]}');
	$raw = fopen('php://memory', 'r+');
	fwrite($raw, "\0\xff");
	rewind($raw);
	$p->bindParam('raw', $raw, PDO::PARAM_LOB);
	$p->bindValue('tags', '{x,"y z"}');
	$p->bindValue('f', 0.1);
	$p->bindValue('big', PHP_INT_MAX, PDO::PARAM_INT);
	$p->execute();
	line('id', [$p->fetchColumn(), $db->lastInsertId(), $db->lastInsertId('goods_id_seq')]);
}
line('rows', $db->query('SELECT * FROM goods ORDER BY id')->fetchAll());
line('pair', $db->query('SELECT id, name FROM goods ORDER BY id')->fetchAll(PDO::FETCH_KEY_PAIR));
line('group', $db->query('SELECT ok, name FROM goods ORDER BY id')->fetchAll(PDO::FETCH_GROUP | PDO::FETCH_COLUMN));
$q = $db->query('SELECT id, name, price, ok, doc, big, f FROM goods LIMIT 1');
line('meta', array_map(function ($i) use ($q) { $m = $q->getColumnMeta($i); return [$m['name'], $m['native_type'], $m['pgsql:oid'], $m['len'], $m['precision'], $m['pdo_type'], $m['table'] ?? null]; }, range(0, 6)));
foreach ([[PDO::ATTR_EMULATE_PREPARES => true], [PDO::PGSQL_ATTR_DISABLE_PREPARES => true], []] as $options) {
	$p = $db->prepare('SELECT name FROM goods WHERE id = ANY(?::int[]) AND name <> ? ORDER BY 1 LIMIT ?', $options);
	$p->execute(['{1,2,3}', "it's", 2]);
	line('prepared', $p->fetchAll(PDO::FETCH_COLUMN));
}
$p = $db->prepare('UPDATE goods SET price = price + 1 WHERE price > ?');
$p->execute([1]);
line('count', [$p->rowCount(), $db->exec('DELETE FROM goods WHERE id = 2')]);
$p = $db->prepare('SELECT i FROM generate_series(1, 5) i', [PDO::ATTR_CURSOR => PDO::CURSOR_SCROLL]);
$p->execute();
line('scroll', [$p->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_LAST), $p->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_PRIOR), $p->fetch(PDO::FETCH_NUM, PDO::FETCH_ORI_ABS, 2)]);
$p = null;
fails('unique', fn() => $db->exec("INSERT INTO goods (name) VALUES ('b'), ('b')"));
fails('null', fn() => $db->exec('INSERT INTO goods (name) VALUES (NULL)'));
fails('long', fn() => $db->prepare('INSERT INTO goods (name) VALUES (?)')->execute([str_repeat('x', 21)]));
fails('type', fn() => $db->prepare('SELECT ?::int')->execute(['x']));
fails('table', fn() => $db->query('SELECT * FROM nope'));
$db->beginTransaction();
$db->exec("INSERT INTO goods (name) VALUES ('t')");
$db->exec('SAVEPOINT s');
fails('in transaction', fn() => $db->exec('SELECT 1/0'));
fails('aborted', fn() => $db->exec('SELECT 1'));
$db->exec('ROLLBACK TO s');
line('inside', [$db->inTransaction(), $db->query('SELECT count(*) FROM goods')->fetchColumn()]);
$db->rollBack();
line('outside', [$db->inTransaction(), $db->query('SELECT count(*) FROM goods')->fetchColumn()]);
$db->pgsqlCopyFromArray('goods', ["10\tcopied\t2.5", "11\ttoo\t\\N"], "\t", '\\\\N', 'id,name,price');
line('copy', $db->pgsqlCopyToArray('goods', ',', 'null', 'id,name,price'));
$db->exec('LISTEN hear');
$db->exec("NOTIFY hear, 'said'");
line('notify', array_slice($db->pgsqlGetNotify(PDO::FETCH_NUM, 5000), 0, 1));
line('quote', [$db->quote("a'b\\"), $db->getAttribute(PDO::ATTR_CLIENT_VERSION) !== '', (int) $db->getAttribute(PDO::ATTR_SERVER_VERSION)]);
$pg = pg_connect("host={$u['host']} port={$u['port']} dbname=" . substr($u['path'], 1) . " user={$u['user']}");
line('pg', [pg_fetch_all(pg_query_params($pg, 'SELECT $1::int + 1 AS n', [1])), pg_insert($pg, 'goods', ['name' => 'by pg', 'ok' => true]) !== false, pg_select($pg, 'goods', ['name' => 'by pg'])[0]['ok'], pg_meta_data($pg, 'goods')['name']]);
$db->exec('DROP TABLE goods');
