"""A harvester of discoveries on SQLAlchemy with numbered Alembic revisions: artifacts, topics and entities, upserts, ranking, the way down and up again, exports. argv[1] is the URL."""
import datetime
import decimal
import hashlib
import io
import json
import os
import re
import sys
import tempfile

import psycopg2.extras
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import exc, func, select
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Session, declarative_base, relationship, selectinload

URL = sys.argv[1].replace("postgres://", "postgresql+psycopg2://")
T0 = datetime.datetime(2025, 11, 1, tzinfo=datetime.timezone.utc)
ENV = '''
from alembic import context
from sqlalchemy import create_engine
engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as c:
    context.configure(connection=c, target_metadata=None, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
'''
REVISION = '''
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision, down_revision, branch_labels, depends_on = "%s", %r, None, None
def upgrade():
%s
def downgrade():
%s
'''
REVISIONS = [
    ("0007", """
    op.create_table("artifacts", sa.Column("id", sa.Integer, primary_key=True), sa.Column("source", sa.String(20), nullable=False), sa.Column("source_id", sa.String(100), nullable=False),
        sa.Column("title", sa.Text, nullable=False), sa.Column("discovery_score", sa.Float), sa.Column("metadata_json", sa.Text), sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
        sa.UniqueConstraint("source", "source_id", name="uq_artifact_source"))
    op.create_table("topics", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(80), unique=True), sa.Column("parent_id", sa.Integer, sa.ForeignKey("topics.id", ondelete="SET NULL")))
    op.create_table("artifact_topics", sa.Column("artifact_id", sa.Integer, sa.ForeignKey("artifacts.id", ondelete="CASCADE"), primary_key=True), sa.Column("topic_id", sa.Integer, sa.ForeignKey("topics.id"), primary_key=True), sa.Column("confidence", sa.Float, server_default="0.5"))""",
     """
    op.drop_table("artifact_topics"); op.drop_table("topics"); op.drop_table("artifacts")"""),
    ("0008", """
    op.create_table("entities", sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True), sa.Column("kind", sa.Enum("person", "lab", "tool", name="entity_kind")), sa.Column("name", sa.Text, nullable=False),
        sa.Column("aliases", postgresql.ARRAY(sa.Text), server_default="{}"), sa.CheckConstraint("length(name) > 0", name="entity_named"))
    op.create_index("ix_entities_lower", "entities", [sa.text("lower(name)")], unique=True)""",
     """
    op.drop_table("entities"); op.execute("DROP TYPE entity_kind")"""),
    ("0009", """
    with op.batch_alter_table("artifacts") as b:
        b.add_column(sa.Column("seen", sa.Integer, server_default="0", nullable=False))
        b.alter_column("title", type_=sa.String(300))
    op.create_index("ix_artifacts_score", "artifacts", [sa.text("discovery_score DESC NULLS LAST")])""",
     """
    op.drop_index("ix_artifacts_score")
    op.drop_column("artifacts", "seen")
    op.alter_column("artifacts", "title", type_=sa.Text)"""),
    ("0010", """
    op.alter_column("artifacts", "metadata_json", type_=postgresql.JSONB, postgresql_using="metadata_json::jsonb")
    op.add_column("artifacts", sa.Column("search", postgresql.TSVECTOR, sa.Computed("to_tsvector('english', title)", persisted=True)))
    op.create_index("ix_artifacts_search", "artifacts", ["search"], postgresql_using="gin")
    op.create_index("ix_artifacts_meta", "artifacts", ["metadata_json"], postgresql_using="gin", postgresql_ops={"metadata_json": "jsonb_path_ops"})
    op.create_index("ix_artifacts_hot", "artifacts", ["created_at"], postgresql_where=sa.text("discovery_score > 80"))
    op.execute("CREATE VIEW top_discoveries AS SELECT id, title, discovery_score, rank() OVER (ORDER BY discovery_score DESC NULLS LAST) AS place FROM artifacts")
    op.execute('''CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.seen := OLD.seen + 1; RETURN NEW; END $$''')
    op.execute("CREATE TRIGGER touch BEFORE UPDATE OF discovery_score ON artifacts FOR EACH ROW EXECUTE FUNCTION touch()")""",
     """
    op.execute("DROP TRIGGER touch ON artifacts; DROP FUNCTION touch(); DROP VIEW top_discoveries")
    for i in ("hot", "meta", "search"):
        op.drop_index("ix_artifacts_" + i)
    op.drop_column("artifacts", "search")
    op.alter_column("artifacts", "metadata_json", type_=sa.Text, postgresql_using="metadata_json::text")"""),
]
Base = declarative_base()


def line(step, value):
    print("%s: %s" % (step, json.dumps(value, default=str, sort_keys=True)))


class Topic(Base):
    __tablename__ = "topics"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(80), unique=True)
    parent_id = sa.Column(sa.ForeignKey("topics.id", ondelete="SET NULL"))
    children = relationship("Topic")


class ArtifactTopic(Base):
    __tablename__ = "artifact_topics"
    artifact_id = sa.Column(sa.ForeignKey("artifacts.id", ondelete="CASCADE"), primary_key=True)
    topic_id = sa.Column(sa.ForeignKey("topics.id"), primary_key=True)
    confidence = sa.Column(sa.Float, server_default="0.5")
    topic = relationship(Topic)


class Artifact(Base):
    __tablename__ = "artifacts"
    id = sa.Column(sa.Integer, primary_key=True)
    source = sa.Column(sa.String(20), nullable=False)
    source_id = sa.Column(sa.String(100), nullable=False)
    title = sa.Column(sa.String(300), nullable=False)
    discovery_score = sa.Column(sa.Float)
    metadata_json = sa.Column(pg.JSONB)
    created_at = sa.Column(sa.DateTime(timezone=True), server_default=func.now())
    seen = sa.Column(sa.Integer, server_default="0", nullable=False)
    topics = relationship(ArtifactTopic, cascade="all, delete-orphan", passive_deletes=True)


class Entity(Base):
    __tablename__ = "entities"
    id = sa.Column(sa.BigInteger, sa.Identity(), primary_key=True)
    kind = sa.Column(sa.Enum("person", "lab", "tool", name="entity_kind"))
    name = sa.Column(sa.Text, nullable=False)
    aliases = sa.Column(pg.ARRAY(sa.Text), server_default="{}")


def fails(step, s, action):
    try:
        with s.begin_nested():
            action()
            s.flush()
        line(step, "no error")
    except exc.DBAPIError as e:
        line(step, [type(e).__name__, e.orig.pgcode, e.orig.diag.message_primary, e.orig.diag.message_detail, e.orig.diag.constraint_name])


def alembic(work, engine):
    os.makedirs(work + "/versions")
    with open(work + "/env.py", "w") as f:
        f.write(ENV)
    before = None
    for name, up, down in REVISIONS:
        with open("%s/versions/%s.py" % (work, name), "w") as f:
            f.write(REVISION % (name, before, up, down))
        before = name
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", work)
    config.set_main_option("sqlalchemy.url", URL.replace("%", "%%"))
    return config


def version(engine):
    with engine.connect() as c:
        return MigrationContext.configure(c).get_current_revision()


def harvest(s):
    """Upserts, as the collectors send them: the newest score wins."""
    rows = [dict(source=("arxiv", "github", "x")[i % 3], source_id=hashlib.md5(b"%d" % (i % 50)).hexdigest()[:12], title="Discovery %d of %s" % (i, ("graphs", "river deltas", "robots")[i % 3]),
                 discovery_score=None if i % 13 == 0 else (i * 37 % 101) + i / 8, metadata_json={"stars": i, "authors": ["a%d" % (i % 4)], "nested": {"lang": "ü" if i % 2 else None}}, created_at=T0 + datetime.timedelta(hours=i))
            for i in range(60)]
    for chunk in (rows[:40], rows[40:]):
        insert = pg.insert(Artifact)
        insert = insert.on_conflict_do_update(constraint="uq_artifact_source", set_={"title": insert.excluded.title, "metadata_json": Artifact.metadata_json.op("||")(insert.excluded.metadata_json)},
                                              where=insert.excluded.discovery_score.is_not(None))
        for r in chunk:
            s.execute(insert, r)
    tree = Topic(name="science", children=[Topic(name="ai", children=[Topic(name="nlp")]), Topic(name="math")])
    s.add(tree)
    s.flush()
    for a in s.scalars(select(Artifact).order_by(Artifact.id)):
        a.topics = [ArtifactTopic(topic_id=tree.id + a.id % 4, confidence=a.id / 100)]
    s.execute(pg.insert(Entity).values([dict(kind="lab", name="DeepThing", aliases=["DT", "d,t", 'd"t']), dict(kind="person", name="Ada", aliases=[])]).on_conflict_do_nothing())
    raw = s.connection().connection.cursor()
    psycopg2.extras.execute_values(raw, "INSERT INTO entities (kind, name) VALUES %s ON CONFLICT (lower(name)) DO UPDATE SET aliases = array_append(entities.aliases, excluded.name) RETURNING id, name, aliases",
                                   [("tool", "gcc"), ("person", "ADA")])
    line("entities", raw.fetchall())
    s.commit()


def discoveries(s):
    line("top", [list(r) for r in s.execute(select(Artifact.title, Artifact.discovery_score).order_by(Artifact.discovery_score.desc().nulls_last(), Artifact.id).limit(5))])
    counts = " UNION ALL ".join("SELECT '%s', count(*) FROM %s" % (t, t) for t in ("artifacts", "topics", "entities"))
    line("counts", [list(r) for r in s.execute(sa.text(counts))])
    line("sum", list(s.execute(sa.text("SELECT COUNT(*), SUM(id), round(avg(discovery_score)::numeric, 4), max(created_at) FROM artifacts")).one()))
    tree = select(Topic.id, Topic.name, sa.literal(0).label("depth"), sa.cast(Topic.name, sa.Text).label("path")).where(Topic.parent_id.is_(None)).cte("tree", recursive=True)
    tree = tree.union_all(select(Topic.id, Topic.name, tree.c.depth + 1, tree.c.path + "/" + Topic.name).join(tree, Topic.parent_id == tree.c.id))
    line("tree", [list(r) for r in s.execute(select(tree.c.path, tree.c.depth, func.count(ArtifactTopic.artifact_id), func.avg(ArtifactTopic.confidence)).outerjoin(ArtifactTopic, ArtifactTopic.topic_id == tree.c.id).group_by(tree.c.path, tree.c.depth).order_by(tree.c.path))])
    line("json", [list(s.scalars(q.order_by(Artifact.id).limit(4))) for q in (select(Artifact.id).where(Artifact.metadata_json.contains({"authors": ["a2"]})), select(Artifact.id).where(Artifact.metadata_json["stars"].as_integer() > 30),
                  select(Artifact.metadata_json[("nested", "lang")].as_string()), select(Artifact.id).where(Artifact.metadata_json.has_key("stars")))])
    line("search", [list(r) for r in s.execute(sa.text("SELECT id, ts_headline('english', title, q), round(ts_rank(search, q)::numeric, 5) FROM artifacts, websearch_to_tsquery('english', 'river delta -robots') q WHERE search @@ q ORDER BY 3 DESC, 1 LIMIT 3"))])
    line("view", [list(r) for r in s.execute(sa.text("SELECT * FROM top_discoveries ORDER BY place, id LIMIT 3"))])
    line("trend", [list(r) for r in s.execute(select(func.date_trunc("day", Artifact.created_at).label("d"), func.count(), func.percentile_disc(0.9).within_group(Artifact.discovery_score), func.sum(func.count()).over(order_by=sa.text("1"))).group_by(sa.text("d")).order_by(sa.text("d")))])
    line("loaded", [(a.id, [t.topic.name for t in a.topics]) for a in s.scalars(select(Artifact).options(selectinload(Artifact.topics).joinedload(ArtifactTopic.topic)).order_by(Artifact.id).limit(3))])
    fails("twice", s, lambda: s.add(Artifact(source="arxiv", source_id=s.scalars(select(Artifact.source_id).where(Artifact.source == "arxiv").order_by(Artifact.id)).first(), title="x")))
    fails("nameless", s, lambda: s.add(Entity(name="")))
    fails("topic in use", s, lambda: s.execute(sa.text("DELETE FROM topics WHERE name = 'nlp'")))
    line("cascade", [s.execute(sa.delete(Artifact).where(Artifact.discovery_score < 20)).rowcount, s.scalar(select(func.count()).select_from(ArtifactTopic))])
    s.execute(sa.update(Artifact).where(Artifact.discovery_score > 80).values(discovery_score=Artifact.discovery_score - 1))
    line("touched", s.scalar(select(func.sum(Artifact.seen))))
    s.commit()


def exports(engine):
    raw = engine.raw_connection()
    cursor, out = raw.cursor(), io.StringIO()
    cursor.copy_expert("COPY (SELECT id, source, title, discovery_score, metadata_json, created_at FROM artifacts WHERE created_at > '2025-11-02T12:00:00Z' ORDER BY id LIMIT 4) TO STDOUT WITH CSV HEADER", out)
    line("delta", out.getvalue())
    cursor.execute("CREATE TEMP TABLE delta (LIKE artifacts INCLUDING DEFAULTS EXCLUDING GENERATED)")
    cursor.execute("ALTER TABLE delta DROP COLUMN IF EXISTS search")
    out.seek(0)
    cursor.copy_expert(
        "COPY delta (source_id, source, title, discovery_score, metadata_json, created_at) FROM STDIN WITH (FORMAT csv, HEADER)", out)
    cursor.execute("SELECT count(*), sum(discovery_score), max(metadata_json->>'stars') FROM delta")
    line("imported", cursor.fetchone())
    raw.rollback()
    cursor.execute("EXPLAIN SELECT * FROM artifacts ORDER BY discovery_score DESC LIMIT 100")
    line("explained", len(cursor.fetchall()) > 0)
    raw.rollback()
    raw.autocommit = True
    cursor.execute("ANALYZE")
    cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1")
    line("indexes", cursor.fetchall())
    raw.close()


def schema(engine):
    i = sa.inspect(engine)
    return {t: [[c["name"], str(c["type"]), c["nullable"], c["default"]] for c in i.get_columns(t)] + [sorted(str(x["name"]) for x in i.get_indexes(t)), [c["name"] for c in i.get_check_constraints(t)],
                sorted(f["name"] for f in i.get_foreign_keys(t))] for t in sorted(i.get_table_names())}


def main():
    engine = sa.create_engine(URL, future=True, pool_size=5, max_overflow=2, pool_pre_ping=True)
    with tempfile.TemporaryDirectory() as work:
        config = alembic(work, engine)
        line("heads", ScriptDirectory.from_config(config).get_heads())
        command.upgrade(config, "0009")
        line("before", schema(engine))
        command.upgrade(config, "head")
        line("version", version(engine))
        with Session(engine) as s:
            harvest(s)
            discoveries(s)
        exports(engine)
        command.downgrade(config, "0009")
        line("down", [version(engine), schema(engine)["artifacts"]])
        with engine.connect() as c:
            line("as text", [list(r) for r in c.execute(sa.text("SELECT id, metadata_json, seen FROM artifacts ORDER BY id LIMIT 2"))])
        command.upgrade(config, "+1")
        command.stamp(config, "0009")
        line("stamped", version(engine))
        command.stamp(config, "0010")
        command.downgrade(config, "base")
        line("nothing left", [version(engine), sa.inspect(engine).get_table_names()])
    engine.dispose()


main()
