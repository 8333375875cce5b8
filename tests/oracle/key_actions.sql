-- Actions of foreign keys on tables with triggers.
CREATE SCHEMA ka;
SET search_path = ka;
CREATE TABLE log (n serial, line text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_LEVEL = 'STATEMENT' THEN
    INSERT INTO log (line) VALUES (format('%s %s %s statement', TG_TABLE_NAME, TG_WHEN, TG_OP));
    RETURN NULL;
  END IF;
  IF TG_OP = 'DELETE' THEN
    INSERT INTO log (line) VALUES (format('%s %s delete %s', TG_TABLE_NAME, TG_WHEN, OLD));
    RETURN OLD;
  END IF;
  INSERT INTO log (line) VALUES (format('%s %s %s %s', TG_TABLE_NAME, TG_WHEN, TG_OP, NEW));
  RETURN NEW;
END $$;
CREATE TABLE customer (id int PRIMARY KEY, name text);
CREATE TABLE invoice (id int PRIMARY KEY, customer int REFERENCES customer ON DELETE CASCADE ON UPDATE CASCADE, n int DEFAULT 0);
CREATE TABLE line (id int PRIMARY KEY, invoice int REFERENCES invoice ON DELETE CASCADE, what text);
CREATE TABLE remark (id int PRIMARY KEY, customer int DEFAULT 7 REFERENCES customer ON DELETE SET NULL ON UPDATE SET DEFAULT, what text);
CREATE TRIGGER b BEFORE INSERT OR UPDATE OR DELETE ON line FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER c AFTER UPDATE OR DELETE ON line FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER s1 BEFORE DELETE ON line EXECUTE FUNCTION note();
CREATE TRIGGER s2 AFTER DELETE ON line EXECUTE FUNCTION note();
CREATE TRIGGER b BEFORE UPDATE ON remark FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER c AFTER UPDATE OF customer ON remark FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO customer VALUES (1, 'a'), (2, 'b'), (3, 'c'), (7, 'z');
INSERT INTO invoice VALUES (10, 1), (11, 1), (20, 2), (30, 3);
INSERT INTO line VALUES (100, 10, 'x'), (101, 10, 'y'), (110, 11, 'z'), (200, 20, 'q');
INSERT INTO remark VALUES (1, 1, 'r1'), (2, 2, 'r2'), (3, 3, 'r3'), (4, NULL, 'none');
TRUNCATE log;
DELETE FROM customer WHERE id = 1;
SELECT line FROM log ORDER BY n;
SELECT * FROM line ORDER BY id;
SELECT * FROM remark ORDER BY id;
TRUNCATE log;
UPDATE customer SET id = 22 WHERE id = 2;
UPDATE customer SET name = 'other' WHERE id = 3;
SELECT line FROM log ORDER BY n;
SELECT * FROM invoice ORDER BY id;
SELECT * FROM remark ORDER BY id;
TRUNCATE log;
DELETE FROM invoice;
SELECT line FROM log ORDER BY n;
DELETE FROM customer WHERE id = 7;
SELECT * FROM remark ORDER BY id;
-- triggers on both sides
CREATE TRIGGER b BEFORE DELETE ON customer FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER c AFTER DELETE ON customer FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO customer VALUES (40, 'd'), (41, 'e');
INSERT INTO remark VALUES (40, 40, 'on d'), (41, 41, 'on e'), (42, 41, 'on e');
TRUNCATE log;
WITH gone AS (DELETE FROM customer WHERE id IN (40, 41) RETURNING id) SELECT count(*) FROM gone;
SELECT line FROM log ORDER BY n;
-- the trigger sees that the row is gone, changes the row, or keeps it
CREATE TABLE parent (id int PRIMARY KEY, kids int DEFAULT 0);
CREATE TABLE kid (id int PRIMARY KEY, parent int NOT NULL REFERENCES parent ON DELETE CASCADE);
CREATE FUNCTION count_kids() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    UPDATE parent SET kids = kids + 1 WHERE id = NEW.parent;
  ELSE
    IF NOT EXISTS (SELECT FROM parent WHERE id = OLD.parent) THEN RAISE NOTICE 'gone'; END IF;
    UPDATE parent SET kids = kids - 1 WHERE id = OLD.parent;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER t AFTER INSERT OR DELETE ON kid FOR EACH ROW EXECUTE FUNCTION count_kids();
INSERT INTO parent VALUES (1), (2);
INSERT INTO kid VALUES (1, 1), (2, 1), (3, 2);
SELECT * FROM parent ORDER BY id;
DELETE FROM kid WHERE id = 1;
DELETE FROM parent WHERE id = 2;
SELECT * FROM parent ORDER BY id;
SELECT * FROM kid ORDER BY id;
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TABLE hold (id int, parent int REFERENCES parent ON DELETE SET NULL);
CREATE TRIGGER t BEFORE UPDATE ON hold FOR EACH ROW EXECUTE FUNCTION keep();
INSERT INTO hold VALUES (1, 1);
-- other keys that refer to the row
CREATE TABLE strict (id int, parent int REFERENCES parent);
INSERT INTO strict VALUES (1, 1);
DELETE FROM hold;
DELETE FROM parent WHERE id = 1;
DELETE FROM strict;
DELETE FROM parent WHERE id = 1;
SELECT count(*) FROM kid;
-- a table that refers to itself
CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree ON DELETE CASCADE, name text);
CREATE TRIGGER c AFTER DELETE ON tree FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO tree VALUES (1, NULL, 'root'), (2, 1, 'a'), (3, 1, 'b'), (4, 2, 'aa'), (5, NULL, 'other');
TRUNCATE log;
DELETE FROM tree WHERE id = 1;
SELECT line FROM log ORDER BY n;
SELECT * FROM tree;
-- several columns
CREATE TABLE place (a int, b text, PRIMARY KEY (a, b));
CREATE TABLE thing (id int, a int DEFAULT 0, b text DEFAULT 'zero', FOREIGN KEY (a, b) REFERENCES place ON UPDATE CASCADE ON DELETE SET DEFAULT);
CREATE TRIGGER t AFTER UPDATE ON thing FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO place VALUES (0, 'zero'), (1, 'one'), (2, 'two');
INSERT INTO thing VALUES (1, 1, 'one'), (2, 2, 'two'), (3, 2, NULL);
TRUNCATE log;
UPDATE place SET b = b || '!' WHERE a > 0;
DELETE FROM place WHERE a = 2;
SELECT * FROM thing ORDER BY id;
SELECT line FROM log ORDER BY n;
INSERT INTO place VALUES (1, 'one!') ON CONFLICT (a, b) DO UPDATE SET a = 9;
SELECT * FROM thing ORDER BY id;
MERGE INTO place USING (VALUES (9, 'one!')) AS v (a, b) ON place.a = v.a WHEN MATCHED THEN UPDATE SET a = 10;
MERGE INTO place USING (VALUES (10)) AS v (a) ON place.a = v.a WHEN MATCHED THEN DELETE;
SELECT * FROM thing ORDER BY id;
-- MATCH FULL, and actions that set some of the columns
CREATE TABLE pair (a int, b int, PRIMARY KEY (a, b));
INSERT INTO pair VALUES (1, 1), (1, 2), (2, 2);
CREATE TABLE full_match (id int, a int, b int, CONSTRAINT full_fk FOREIGN KEY (a, b) REFERENCES pair MATCH FULL ON DELETE SET NULL);
INSERT INTO full_match VALUES (1, 1, 1), (2, NULL, NULL);
INSERT INTO full_match VALUES (3, 1, NULL);
INSERT INTO full_match VALUES (3, 3, 3);
UPDATE full_match SET b = NULL WHERE id = 1;
DELETE FROM pair WHERE a = 1 AND b = 1;
SELECT * FROM full_match ORDER BY id;
SELECT confmatchtype, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'full_fk';
CREATE TABLE mixed (a int, b int);
INSERT INTO mixed VALUES (NULL, 1);
ALTER TABLE mixed ADD CONSTRAINT mixed_fk FOREIGN KEY (a, b) REFERENCES pair MATCH FULL;
ALTER TABLE mixed ADD CONSTRAINT mixed_fk FOREIGN KEY (a, b) REFERENCES pair MATCH PARTIAL;
CREATE TABLE some_set (id int, a int DEFAULT 5, b int, FOREIGN KEY (a, b) REFERENCES pair ON DELETE SET NULL (b));
CREATE TABLE some_default (id int, a int, b int DEFAULT 2, FOREIGN KEY (a, b) REFERENCES pair ON DELETE SET DEFAULT (b));
INSERT INTO pair VALUES (1, 1), (1, 9);
INSERT INTO some_set VALUES (1, 1, 9), (2, 2, 2);
INSERT INTO some_default VALUES (1, 1, 9), (2, NULL, 2);
DELETE FROM pair WHERE b = 9;
SELECT * FROM some_set ORDER BY id;
SELECT * FROM some_default ORDER BY id;
SELECT pg_get_constraintdef(oid), confdelsetcols FROM pg_constraint WHERE conrelid IN ('some_set'::regclass, 'some_default'::regclass) ORDER BY 1;
CREATE TABLE bad_set (a int, b int, c int, FOREIGN KEY (a, b) REFERENCES pair ON DELETE SET NULL (c));
CREATE TABLE bad_set (a int, b int, c int, FOREIGN KEY (a, b) REFERENCES pair ON DELETE SET NULL (d));
CREATE DOMAIN must AS int CHECK (VALUE IS NOT NULL);
CREATE TABLE ruled (id int, n must REFERENCES customer ON DELETE SET NULL ON UPDATE CASCADE);
INSERT INTO customer VALUES (70, 'r');
INSERT INTO ruled VALUES (1, 70);
UPDATE customer SET id = 71 WHERE id = 70;
DELETE FROM customer WHERE id = 71;
SELECT * FROM ruled;
-- NOT VALID
CREATE TABLE older (a int, b int);
INSERT INTO older VALUES (8, 8), (-1, NULL);
ALTER TABLE older ADD CONSTRAINT older_fk FOREIGN KEY (a, b) REFERENCES pair NOT VALID, ADD CONSTRAINT older_c CHECK (a > 0) NOT VALID;
INSERT INTO older VALUES (9, 9);
INSERT INTO older VALUES (-9, 9);
SELECT conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'older'::regclass ORDER BY 1;
ALTER TABLE older VALIDATE CONSTRAINT older_c;
ALTER TABLE older VALIDATE CONSTRAINT older_fk;
UPDATE older SET a = 1, b = 2;
ALTER TABLE older VALIDATE CONSTRAINT older_c;
ALTER TABLE older VALIDATE CONSTRAINT older_fk;
SELECT conname, convalidated FROM pg_constraint WHERE conrelid = 'older'::regclass ORDER BY 1;
DROP SCHEMA ka CASCADE;
