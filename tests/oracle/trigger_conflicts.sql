-- ON CONFLICT, MERGE and COPY on tables with triggers.
CREATE SCHEMA tgc;
SET search_path = tgc;
CREATE TABLE log (n serial, line text);
CREATE TABLE stock (id int PRIMARY KEY, code text UNIQUE, qty int DEFAULT 1, twice int GENERATED ALWAYS AS (qty * 2) STORED, changed int DEFAULT 0);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_LEVEL = 'STATEMENT' THEN
    INSERT INTO log (line) VALUES (format('%s %s statement', TG_WHEN, TG_OP));
    RETURN NULL;
  END IF;
  IF TG_OP = 'INSERT' THEN
    INSERT INTO log (line) VALUES (format('%s insert %s', TG_WHEN, NEW));
  ELSIF TG_OP = 'UPDATE' THEN
    INSERT INTO log (line) VALUES (format('%s update %s %s', TG_WHEN, OLD, NEW));
    IF TG_WHEN = 'BEFORE' THEN NEW.changed := OLD.changed + 1; END IF;
  ELSE
    INSERT INTO log (line) VALUES (format('%s delete %s', TG_WHEN, OLD));
    RETURN OLD;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER a_row BEFORE INSERT OR UPDATE OR DELETE ON stock FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER b_row AFTER INSERT OR UPDATE OR DELETE ON stock FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER c_statement BEFORE INSERT OR UPDATE OR DELETE ON stock EXECUTE FUNCTION note();
CREATE TRIGGER d_statement AFTER INSERT OR UPDATE OR DELETE ON stock EXECUTE FUNCTION note();
INSERT INTO stock VALUES (1, 'a', 5), (2, 'b', 6) ON CONFLICT DO NOTHING;
SELECT line FROM log ORDER BY n;
TRUNCATE log;
INSERT INTO stock VALUES (1, 'x', 7), (3, 'c', 8) ON CONFLICT (id) DO NOTHING RETURNING id, code, twice;
SELECT line FROM log ORDER BY n;
TRUNCATE log;
INSERT INTO stock VALUES (1, 'x', 7), (4, 'd', 8) ON CONFLICT (id) DO UPDATE SET qty = stock.qty + EXCLUDED.qty, code = EXCLUDED.code RETURNING *, xmax <> 0 AS updated;
SELECT line FROM log ORDER BY n;
TRUNCATE log;
INSERT INTO stock (id, code) VALUES (9, 'x') ON CONFLICT (code) DO UPDATE SET qty = EXCLUDED.twice + EXCLUDED.qty + stock.twice WHERE stock.id < 5 RETURNING id, qty;
INSERT INTO stock (id, code) VALUES (9, 'x') ON CONFLICT (code) DO UPDATE SET qty = 0 WHERE stock.id > 5 RETURNING id, qty;
INSERT INTO stock (id, code) VALUES (9, 'x') ON CONFLICT (id) DO UPDATE SET qty = 0;
INSERT INTO stock (id, code) VALUES (8, 'h'), (8, 'i') ON CONFLICT (id) DO UPDATE SET qty = 0;
INSERT INTO stock (id, code) VALUES (8, 'h'), (8, 'i'), (8, 'j') ON CONFLICT (id) DO NOTHING;
INSERT INTO stock (id, code) VALUES (10, 'h') ON CONFLICT ON CONSTRAINT stock_code_key DO UPDATE SET id = EXCLUDED.id;
INSERT INTO stock SELECT g, 'n' || g, g FROM generate_series(1, 3) AS g ON CONFLICT (id) DO UPDATE SET (code, qty) = (SELECT EXCLUDED.code || '!', 100);
TRUNCATE log;
SELECT * FROM stock ORDER BY id;
WITH up AS (INSERT INTO stock VALUES (1, 'one', 1), (20, 'twenty', 20) ON CONFLICT (id) DO UPDATE SET code = EXCLUDED.code RETURNING id, code)
SELECT * FROM up ORDER BY id;
PREPARE p(int, text) AS INSERT INTO stock VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET code = $2 || '?', qty = $1 * 10 RETURNING code, qty;
EXECUTE p(20, 'z');
EXECUTE p(21, 'z');
TRUNCATE log;
-- a trigger that skips the row, or changes its key
CREATE FUNCTION even_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.id % 2 = 1 THEN RETURN NULL; END IF; NEW.id := NEW.id + 100; RETURN NEW; END';
CREATE TABLE evens (id int PRIMARY KEY, n int DEFAULT 0);
CREATE TRIGGER t BEFORE INSERT ON evens FOR EACH ROW EXECUTE FUNCTION even_only();
INSERT INTO evens SELECT g FROM generate_series(1, 4) AS g ON CONFLICT (id) DO UPDATE SET n = evens.n + 1;
INSERT INTO evens SELECT g FROM generate_series(1, 4) AS g ON CONFLICT (id) DO UPDATE SET n = evens.n + EXCLUDED.id;
INSERT INTO evens SELECT g FROM generate_series(3, 6) AS g ON CONFLICT DO NOTHING;
SELECT * FROM evens ORDER BY id;
-- only the update fires
CREATE TABLE one (id int PRIMARY KEY, n int);
CREATE TRIGGER t BEFORE UPDATE OF n ON one FOR EACH ROW WHEN (OLD.n IS DISTINCT FROM NEW.n) EXECUTE FUNCTION suppress();
CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER t BEFORE UPDATE OF n ON one FOR EACH ROW WHEN (OLD.n IS DISTINCT FROM NEW.n) EXECUTE FUNCTION suppress();
INSERT INTO one VALUES (1, 1), (2, 2) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n;
INSERT INTO one VALUES (1, 1), (2, 3) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n RETURNING *;
-- partial and expression indexes
CREATE TABLE names (id serial, name text, live bool, hits int DEFAULT 0);
CREATE UNIQUE INDEX ON names (lower(name)) WHERE live;
CREATE TRIGGER b_row AFTER UPDATE ON names FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO names (name, live) VALUES ('Ann', true), ('Bob', false);
INSERT INTO names (name, live) VALUES ('ANN', true), ('BOB', false), ('ANN', false) ON CONFLICT (lower(name)) WHERE live DO UPDATE SET hits = names.hits + 1;
INSERT INTO names (name, live) VALUES ('ann', true), ('bob', true) ON CONFLICT DO NOTHING;
SELECT name, live, hits FROM names ORDER BY id;
SELECT line FROM log ORDER BY n;
TRUNCATE log;
-- MERGE
CREATE TABLE news (id int, code text, qty int);
INSERT INTO news VALUES (1, 'm1', 11), (2, NULL, 0), (50, 'm50', 51);
MERGE INTO stock s USING news n ON s.id = n.id WHEN MATCHED AND n.code IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET code = n.code, qty = n.qty WHEN NOT MATCHED THEN INSERT (id, code) VALUES (n.id, n.code);
SELECT line FROM log WHERE line LIKE '%statement' ORDER BY n;
SELECT line FROM log WHERE line NOT LIKE '%statement' ORDER BY line;
SELECT * FROM stock ORDER BY id;
TRUNCATE log;
MERGE INTO stock s USING news n ON s.id = n.id WHEN NOT MATCHED THEN INSERT VALUES (n.id, coalesce(n.code, 'none')) WHEN MATCHED THEN DO NOTHING;
SELECT line FROM log ORDER BY n;
MERGE INTO evens e USING news n ON e.id = n.id WHEN NOT MATCHED THEN INSERT (id) VALUES (n.id);
SELECT * FROM evens ORDER BY id;
DROP SCHEMA tgc CASCADE;
