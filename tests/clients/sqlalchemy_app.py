"""An application on SQLAlchemy with Alembic: models, relations, reflection, migrations with autogenerate, transactions. argv[1] is the URL."""
import datetime
import decimal
import enum
import io
import json
import os
import re
import sys
import tempfile
import uuid

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import exc, func, inspect, select
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Session, aliased, declarative_base, joinedload, relationship, selectinload

URL = sys.argv[1].replace("postgres://", "postgresql+psycopg2://")
Base = declarative_base()
NOW = datetime.datetime(2020, 5, 17, 8, 30, tzinfo=datetime.timezone.utc)


def line(step, value):
    text = json.dumps(value, default=str, sort_keys=True)
    print("%s: %s" % (step, re.sub(r"0x[0-9a-f]+", "0x", text)))


class Color(enum.Enum):
    red = 1
    blue = 2


tagged = sa.Table("tagged", Base.metadata, sa.Column("item", sa.ForeignKey("items.id", ondelete="CASCADE"), primary_key=True),
                  sa.Column("tag", sa.ForeignKey("tags.id"), primary_key=True))


class Owner(Base):
    __tablename__ = "owners"
    id = sa.Column(pg.UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    name = sa.Column(sa.String(50), nullable=False, unique=True)
    joined = sa.Column(sa.DateTime(timezone=True), server_default=func.now())
    born = sa.Column(sa.Date)
    items = relationship("Item", back_populates="owner", order_by="Item.id", cascade="all, delete-orphan")


class Item(Base):
    __tablename__ = "items"
    id = sa.Column(sa.Integer, primary_key=True)
    owner_id = sa.Column(sa.ForeignKey("owners.id"), index=True)
    title = sa.Column(sa.Text, nullable=False)
    color = sa.Column(sa.Enum(Color), default=Color.red)
    price = sa.Column(sa.Numeric(10, 2), server_default="0")
    doc = sa.Column(pg.JSONB)
    words = sa.Column(pg.ARRAY(sa.Text))
    raw = sa.Column(sa.LargeBinary)
    took = sa.Column(sa.Interval)
    span = sa.Column(pg.INT4RANGE)
    address = sa.Column(pg.INET)
    double = sa.Column(sa.Numeric, sa.Computed("price * 2", persisted=True))
    owner = relationship("Owner", back_populates="items")
    tags = relationship("Tag", secondary=tagged, order_by="Tag.id")
    __table_args__ = (sa.UniqueConstraint("owner_id", "title", name="owner_title"), sa.CheckConstraint("price >= 0", name="priced"),
                      sa.Index("items_doc", "doc", postgresql_using="gin"), sa.Index("items_new", "title", postgresql_where=sa.text("price > 0")),
                      {"comment": "what is sold"})


class Tag(Base):
    __tablename__ = "tags"
    id = sa.Column(sa.BigInteger, sa.Identity(start=10, increment=5), primary_key=True)
    name = sa.Column(sa.String, comment="shown")


def one(n):
    return uuid.UUID(int=n)


def fill(s):
    ann = Owner(id=one(1), name="Ann", born=datetime.date(1990, 2, 3), joined=NOW)
    ann.items = [Item(title="Chair", price=decimal.Decimal("9.50"), doc={"legs": [4], "ü": None}, words=["a", 'b"c'], raw=b"\x00\xff", color=Color.blue,
                      took=datetime.timedelta(days=1, seconds=3), tags=[Tag(name="wood"), Tag(name="old")]), Item(title="Table", price=20)]
    s.add_all([ann, Owner(id=one(2), name="Bob", joined=NOW, items=[Item(title="Lamp", address="10.0.0.1/24")])])
    s.commit()


def queries(s):
    line("loaded", [[o.name, str(o.joined), o.born, [[i.title, i.price, i.double, i.color.name, i.doc, i.words, i.raw and i.raw.hex(), i.took, i.address, [t.id for t in i.tags]]
                                                     for i in o.items]] for o in s.scalars(select(Owner).options(selectinload(Owner.items).selectinload(Item.tags)).order_by(Owner.name))])
    line("joined", [o.name for o in s.scalars(select(Owner).options(joinedload(Owner.items)).order_by(Owner.name)).unique()])
    line("filters", s.execute(select(Item.title).where(Item.price.between(1, 30), Item.title.ilike("%a%"), Item.color.in_([Color.red, Color.blue])).order_by(Item.id)).all())
    line("jsonb", s.execute(select(Item.doc["legs"][0].as_integer(), Item.doc.has_key("legs"), Item.doc.contains({"legs": [4]})).where(Item.id == 1)).all())  # noqa: W601
    line("array", s.execute(select(Item.id, Item.words[1], func.cardinality(Item.words)).where(Item.words.any("a"))).all())
    line("any", s.execute(select(Item.id).where(Item.id == sa.any_([1, 3])).order_by(Item.id)).all())
    line("group", s.execute(select(Owner.name, func.count(Item.id), func.sum(Item.price), func.array_agg(pg.aggregate_order_by(Item.title, Item.title.desc()))).join(Owner.items)
                            .group_by(Owner.name).having(func.count() > 0).order_by(Owner.name)).all())
    rank = func.rank().over(partition_by=Item.owner_id, order_by=Item.price.desc())
    line("window", s.execute(select(Item.title, rank).order_by(Item.id)).all())
    t = select(Item.owner_id, func.max(Item.price).label("m")).group_by(Item.owner_id).cte("t")
    line("cte", s.execute(select(Owner.name, t.c.m).join(t, t.c.owner_id == Owner.id).order_by(Owner.name)).all())
    numbers = select(sa.literal(1).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < 5))
    line("recursive", s.execute(select(func.sum(numbers.c.n))).scalar())
    last = select(Item.title).where(Item.owner_id == Owner.id).order_by(Item.id.desc()).limit(1).lateral("last")
    line("lateral", s.execute(select(Owner.name, last.c.title).join(last, sa.true()).order_by(Owner.name)).all())
    i2 = aliased(Item)
    line("exists", s.scalars(select(Owner.name).where(select(i2.id).where(i2.owner_id == Owner.id, i2.price > 10).exists())).all())
    line("case", s.execute(select(sa.case((Item.price > 5, "dear"), else_="cheap"), sa.cast(Item.price, sa.Integer), func.coalesce(Item.took, datetime.timedelta())).order_by(Item.id)).all())
    line("union", s.execute(sa.union(select(Item.title), select(Owner.name)).order_by("title").limit(2).offset(1)).all())
    line("distinct on", s.execute(select(Item.owner_id, Item.title).distinct(Item.owner_id).order_by(Item.owner_id, Item.title.desc())).all())
    line("extract", s.execute(select(func.extract("year", Owner.joined), func.date_trunc("hour", Owner.joined), func.to_char(Owner.born, "DD Mon")).where(Owner.name == "Ann")).all())
    line("values", s.execute(select(sa.values(sa.column("a", sa.Integer), sa.column("b", sa.String), name="v").data([(1, "x"), (2, "y")]))).all())
    line("stream", [len(p) for p in s.execute(select(func.generate_series(1, 25)), execution_options={"stream_results": True}).partitions(10)])


def fails(s, step, action):
    try:
        action()
        s.flush()
        line(step, "no error")
    except exc.SQLAlchemyError as e:
        d = e.orig.diag
        line(step, [type(e).__name__, type(e.orig).__name__, d.sqlstate, d.message_primary, d.table_name, d.column_name, d.constraint_name])
        s.rollback()


def writes(s):
    line("upsert", s.execute(pg.insert(Owner).values(id=one(3), name="Ann").on_conflict_do_update(index_elements=["name"], set_={"born": datetime.date(2000, 1, 1)})
                             .returning(Owner.id, Owner.born)).all())
    line("nothing", s.execute(pg.insert(Owner).values(name="Bob").on_conflict_do_nothing(constraint="owners_name_key")).rowcount)
    line("update", s.execute(sa.update(Item).where(Item.price > 5).values(price=Item.price + 1).returning(Item.id, Item.price)).all())
    line("update from", s.execute(sa.update(Item).where(Item.owner_id == Owner.id, Owner.name == "Bob").values(title=Owner.name + "'s").execution_options(synchronize_session=False)).rowcount)
    line("delete", s.execute(sa.delete(Item).where(Item.title == "Table").returning(Item.id)).all())
    s.commit()
    with s.begin_nested():
        s.add(Tag(name="nested"))
    nested = s.begin_nested()
    s.add(Tag(name="gone"))
    s.flush()
    nested.rollback()
    line("savepoints", s.scalars(select(Tag.name).order_by(Tag.id)).all())
    s.commit()
    fails(s, "unique", lambda: s.add(Owner(name="Ann")))
    fails(s, "null", lambda: s.add(Item(title=None)))
    fails(s, "foreign key", lambda: s.add(Item(title="x", owner_id=one(9))))
    fails(s, "check", lambda: s.add(Item(title="x", price=-1)))
    fails(s, "too long", lambda: s.add(Owner(name="x" * 51)))
    fails(s, "generated", lambda: s.execute(sa.text("update items set double = 1")))
    line("for update", s.scalars(select(Owner.name).with_for_update(of=Owner, nowait=True).order_by(Owner.name)).all())
    s.delete(s.get(Owner, one(1)))
    s.commit()
    line("cascade", s.execute(select(func.count()).select_from(tagged)).scalar())


def reflection(engine):
    i = inspect(engine)
    line("tables", sorted(i.get_table_names()))
    for t in ("items", "owners", "tags", "tagged"):
        line("columns of " + t, [[c["name"], repr(c["type"]), c["nullable"], c["default"], c.get("identity"), c.get("computed"), c.get("comment")] for c in i.get_columns(t)])
        line("keys of " + t, [i.get_pk_constraint(t), sorted(i.get_foreign_keys(t), key=str), sorted(i.get_unique_constraints(t), key=str), i.get_check_constraints(t), i.get_table_comment(t)])
        line("indexes of " + t, sorted(i.get_indexes(t), key=str))
    line("enums", i.get_enums())
    line("schemas", i.get_schema_names())
    meta = sa.MetaData()
    meta.reflect(engine)
    line("reflected", sorted((t.name, sorted(c.name for c in t.columns)) for t in meta.sorted_tables))
    with engine.connect() as c:
        line("difference", [str(d) for d in compare_metadata(MigrationContext.configure(c, opts={"compare_type": True}), Base.metadata)])


ENV = """
from alembic import context
import sqlalchemy as sa
with sa.create_engine(context.config.get_main_option("sqlalchemy.url")).connect() as c:
    context.configure(connection=c, target_metadata=None, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
"""
VERSION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "%s", %r
def upgrade():
%s
def downgrade():
%s
"""
STEPS = [("a1", None, """
    op.create_table("staff", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)), sa.Column("pay", sa.Float), schema=None)
    op.bulk_insert(sa.table("staff", sa.column("name", sa.String), sa.column("pay", sa.Float)), [{"name": "x", "pay": 1.5}, {"name": "y", "pay": None}])
""", """
    op.drop_table("staff")
"""), ("b2", "a1", """
    sa.Enum("in", "out", name="staff_state").create(op.get_bind())
    op.add_column("staff", sa.Column("state", sa.Enum("in", "out", name="staff_state", create_type=False), server_default="in", nullable=False))
    op.alter_column("staff", "name", new_column_name="label", existing_type=sa.String(20))
    op.alter_column("staff", "label", type_=sa.Text, nullable=False)
    op.alter_column("staff", "pay", type_=sa.Numeric(8, 2), postgresql_using="pay::numeric", server_default="0")
    op.create_unique_constraint("staff_label", "staff", ["label"])
    op.create_check_constraint("staff_pay", "staff", "pay >= 0")
    op.create_index("staff_lower", "staff", [sa.text("lower(label)")], unique=True)
    op.execute("UPDATE staff SET pay = 2 WHERE pay IS NULL")
""", """
    op.drop_index("staff_lower")
    op.drop_constraint("staff_pay", "staff")
    op.drop_constraint("staff_label", "staff", type_="unique")
    op.alter_column("staff", "pay", type_=sa.Float, server_default=None)
    op.alter_column("staff", "label", new_column_name="name", type_=sa.String(20), nullable=True)
    op.drop_column("staff", "state")
    op.execute("DROP TYPE staff_state")
""")]


def migrations(engine):
    with tempfile.TemporaryDirectory() as d:
        os.mkdir(os.path.join(d, "versions"))
        with open(os.path.join(d, "env.py"), "w") as f:
            f.write(ENV)
        for revision, down, up, back in STEPS:
            with open(os.path.join(d, "versions", revision + ".py"), "w") as f:
                f.write(VERSION % (revision, down, up, back))
        cfg = Config(stdout=io.StringIO())
        cfg.set_main_option("script_location", d)
        cfg.set_main_option("sqlalchemy.url", URL)
        command.upgrade(cfg, "head")
        with engine.connect() as c:
            line("migrated", c.execute(sa.text("select s.*, version_num from staff s, alembic_version order by id")).all())
        line("staff", [[c["name"], repr(c["type"]), c["nullable"], c["default"]] for c in inspect(engine).get_columns("staff")])
        command.downgrade(cfg, "a1")
        with engine.connect() as c:
            line("downgraded", c.execute(sa.text("select s.*, version_num from staff s, alembic_version order by id")).all())
        command.downgrade(cfg, "base")
        with engine.begin() as c:
            c.execute(sa.text("drop table alembic_version"))


def main():
    engine = sa.create_engine(URL)
    Base.metadata.create_all(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as s:
        fill(s)
        queries(s)
        writes(s)
    reflection(engine)
    migrations(engine)
    with Session(engine.execution_options(isolation_level="REPEATABLE READ")) as s:
        line("isolation", s.execute(sa.text("show transaction_isolation")).scalar())
    Base.metadata.drop_all(engine)
    line("dropped", inspect(engine).get_table_names())


main()
