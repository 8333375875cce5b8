"""Points of PostGIS on SQLite. The answers are those of PostGIS 3.3.2, which the oracle's PostgreSQL need not have."""
import psycopg
import pytest

ANSWERS = [
    ("select st_setsrid(st_makepoint(1, 2), 4326)", "0101000020E6100000000000000000F03F0000000000000040"),
    ("select st_point(1, 2, 4326)", "0101000020E6100000000000000000F03F0000000000000040"),
    ("select 'POINT(1 2)'::geometry", "0101000000000000000000F03F0000000000000040"),
    ("select 'point ( 1.5  -2e3 )'::geometry", "0101000000000000000000F83F0000000000409FC0"),
    ("select 'POINT(1 2)'::geography", "0101000020E6100000000000000000F03F0000000000000040"),
    ("select '{\"type\":\"Point\",\"coordinates\":[1,2]}'::geometry", "0101000000000000000000F03F0000000000000040"),
    ("select '00000000013ff00000000000004000000000000000'::geometry", "0101000000000000000000F03F0000000000000040"),
    ("select 'POINT EMPTY'::geometry", "0101000000000000000000F87F000000000000F87F"),
    ("select st_asewkt('SRID=4326;POINT(1.5 2)'::geometry)", "SRID=4326;POINT(1.5 2)"),
    ("select st_astext(st_makepoint(0.1, 1e20))", "POINT(0.1 1e+20)"),
    ("select st_astext(st_makepoint(1e-8, -0.0000123))", "POINT(1e-8 -0.0000123)"),
    ("select st_astext(st_makepoint(1/3.0, 12345.678901234567))", "POINT(0.333333333333333 12345.678901234567)"),
    ("select st_astext(st_makepoint(0.125, 99.95), 1)", "POINT(0.1 100)"),
    ("select st_astext(st_makepoint(0.375, -0.0001), 2)", "POINT(0.38 0)"),
    ("select st_asgeojson('SRID=4326;POINT(1.123456789012 2)'::geometry)", '{"type":"Point","coordinates":[1.123456789,2]}'),
    ("select st_asgeojson('POINT(1.123456789012 2)'::geography, 3)", '{"type":"Point","coordinates":[1.123,2]}'),
    ("select st_distance('POINT(0 0)'::geography, 'POINT(1 1)'::geography)", "156899.56829134"),
    ("select st_distance('POINT(-118.4079 33.9434)'::geography, 'POINT(2.5559 49.0083)'::geography)", "9124665.27317673"),
    ("select st_distance('POINT(0 0)'::geography, 'POINT(180 0)'::geography)", "20003931.45862545"),
    ("select st_distance('POINT(0 0)'::geography, 'POINT(0.0001 0)'::geography)", "11.13194908"),
    ("select st_distance('POINT(13.4 52.5)'::geography, 'POINT(13.4 48)'::geography)", "500552.00280899"),
    ("select st_distance('POINT(0 0)'::geography, 'POINT(1 1)'::geography, false)", "157249.59776851"),
    ("select st_distancesphere('POINT(0 0)'::geometry, 'POINT(1 1)'::geometry)", "157249.59776851"),
    ("select st_distance('POINT(0 0)'::geometry, 'POINT(3 4)'::geometry)", "5"),
    ("select st_distance('POINT(0 0)', 'POINT(1 1)')", "1.4142135623730951"),
    ("select 'POINT(0 0)'::geography <-> 'POINT(1 1)'::geography", "157249.5977685051"),
    ("select st_dwithin('POINT(0 0)'::geography, 'POINT(1 1)'::geography, 156900)", "t"),
    ("select st_dwithin('POINT(0 0)'::geography, 'POINT(1 1)'::geography, 156899)", "f"),
    ("select st_dwithin('POINT(0 0)'::geometry, 'POINT(3 4)'::geometry, 5)", "t"),
    ("select st_asbinary('POINT(1 2)'::geometry, 'XDR')", "\\x00000000013ff00000000000004000000000000000"),
    ("select st_srid('POINT(1 2)'::geography)", "4326"),
    ("select st_geometrytype('POINT(1 2)'::geometry)", "ST_Point"),
    ("select 'POINT(1 2)'::geometry = 'POINT(1 2)'::geometry", "t"),
    ("select 'POINT(1 2)'::geometry::jsonb", '{"type": "Point", "coordinates": [1, 2]}'),
    ("select st_asewkt('POINT(1 2)'::geometry(Point,4326))", "SRID=4326;POINT(1 2)"),
]

ERRORS = [
    ("select 'POINT(1'::geometry", "XX000"),
    ("select ''::geometry", "XX000"),
    ("select st_distance('SRID=4326;POINT(0 0)'::geometry, 'POINT(3 4)'::geometry)", "XX000"),
    ("select 'SRID=3857;POINT(1 2)'::geometry(Point,4326)", "22023"),
    ("select 'LINESTRING(0 0,1 1)'::geometry", "0A000"),
    ("select 'POINT Z (1 2 3)'::geometry", "0A000"),
    ("select st_buffer('POINT(0 0)'::geometry, 1)", "0A000"),
    ("select st_transform('SRID=4326;POINT(0 0)'::geometry, 3857)", "0A000"),
    ("select st_contains('POINT(0 0)'::geometry, 'POINT(0 0)'::geometry)", "0A000"),
    ("select st_extent(g) from places", "0A000"),
    ("select g from places order by g", "0A000"),
    ("create table polygons (g geometry(Polygon,4326))", "0A000"),
    ("create table boxes (b box2d)", "0A000"),
]


@pytest.fixture
def db(us):
    with us.connect("postgis") as c:
        c.execute("create extension if not exists postgis")
        yield c


def text_of(c, sql):
    r = c.pgconn.exec_(sql.encode())
    assert not r.error_message, (sql, r.error_message)
    return r.get_value(0, 0).decode()


def test_points(db):
    wrong = []
    for sql, want in ANSWERS:
        got = text_of(db, sql)
        if got != want:
            wrong.append((sql, got, want))
    assert not wrong
    db.execute("drop table if exists places")
    db.execute("create table places (id serial primary key, g geometry(Point,4326), gg geography(Point), p geometry(Point))")
    db.execute("create index places_gg on places using gist (gg)")
    for sql, state in ERRORS:
        with pytest.raises(psycopg.Error) as e:
            db.execute(sql)
        assert e.value.sqlstate == state, sql


def test_points_in_a_table(db):
    db.execute("drop table if exists places")
    db.execute("create table places (id serial primary key, g geometry(Point,4326), gg geography(Point), p geometry(Point))")
    db.execute("create index on places using gist (gg)")
    db.execute("insert into places (g, gg) values ('POINT(1 2)', 'POINT(-71.06 42.35)'), (%s, %s)",
               ("SRID=4326;POINT(3 4)", "POINT(-71.06 42.36)"))
    assert db.execute("select id, st_x(g), st_y(g), st_srid(g) from places order by id").fetchall() == [(1, 1, 2, 4326), (2, 3, 4, 4326)]
    near = "select id from places where st_dwithin(gg, st_setsrid(st_makepoint(-71.06, 42.3605), 4326)::geography, %s) order by id"
    assert db.execute(near, (100,)).fetchall() == [(2,)]
    assert db.execute(near, (2000,)).fetchall() == [(1,), (2,)]
    assert db.execute("select id from places order by gg <-> 'POINT(-71 42.4)'::geography").fetchall() == [(2,), (1,)]
    assert db.execute("select attname, atttypmod, format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'places'::regclass "
                      "and attnum > 1 order by attnum").fetchall() == [("g", 1107460, "geometry(Point,4326)"),
                                                                       ("gg", 1107460, "geography(Point,4326)"),
                                                                       ("p", 4, "geometry(Point)")]
    assert db.execute("update places set g = st_setsrid(st_makepoint(7, 8), 4326) where id = 1 returning st_asewkt(g)").fetchall() == [
        ("SRID=4326;POINT(7 8)",)]
    assert db.execute("select id from places where g = 'SRID=4326;POINT(7 8)'").fetchall() == [(1,)]
    with db.cursor(binary=True) as cur:
        assert cur.execute("select g from places where id = 1").pgresult.get_value(0, 0).hex() == \
            "0101000020e61000000000000000001c400000000000002040"
