"""A Django project: migrate from nothing, the contrib applications, the admin's pages, queries, transactions. argv[1] is the URL."""
import datetime
import decimal
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
import uuid

import django
from django.conf import settings

URL = urllib.parse.urlparse(sys.argv[1])
MODELS = '''
import uuid
from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

class Shop(models.Model):
    name = models.CharField(max_length=50, unique=True)
    slug = models.SlugField(db_index=True)
    opened = models.DateField(null=True, blank=True)
    def __str__(self):
        return self.name

class Product(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="products")
    owner = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)
    title = models.TextField()
    price = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    tags = ArrayField(models.CharField(max_length=20), default=list)
    data = models.JSONField(default=dict)
    stock = models.PositiveIntegerField(default=0)
    weight = models.FloatField(null=True)
    active = models.BooleanField(default=True)
    took = models.DurationField(null=True)
    added = models.DateTimeField(auto_now_add=True)
    raw = models.BinaryField(null=True)
    address = models.GenericIPAddressField(null=True)
    class Meta:
        ordering = ["title"]
        unique_together = [("shop", "title")]
        indexes = [models.Index(fields=["price", "-title"], name="price_title"), GinIndex(fields=["data"], name="data_gin")]
        constraints = [models.CheckConstraint(check=Q(price__gte=0), name="price_positive"),
                       models.UniqueConstraint(fields=["shop"], condition=Q(weight__gt=1000), name="one_heavy")]

class Sale(models.Model):
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    buyers = models.ManyToManyField(User)
    at = models.DateTimeField()
    amount = models.IntegerField()
'''
CHANGES = [("slug = models.SlugField(db_index=True)", "slug = models.SlugField(max_length=80, db_index=True, default='x')\n    rating = models.SmallIntegerField(default=3)"),
           ("weight = models.FloatField(null=True)", "weight = models.DecimalField(max_digits=8, decimal_places=3, default=0)"),
           ("stock = models.PositiveIntegerField(default=0)", "stock = models.BigIntegerField(default=0)"),
           ("opened = models.DateField(null=True, blank=True)", "opened = models.DateTimeField(null=True, db_index=True)"),
           ("raw = models.BinaryField(null=True)\n", "note = models.TextField(null=True)\n"),
           ("amount = models.IntegerField()", "amount = models.IntegerField(null=True, unique=True)")]


def line(step, value):
    year = str(datetime.date.today().year)
    print("%s: %s" % (step, re.sub(year + r"-\d\d-\d\d[T ][0-9:.+Z]+", "<now>", json.dumps(value, default=str, sort_keys=True))))


def write(work, name, text):
    os.makedirs(os.path.dirname(os.path.join(work, name)), exist_ok=True)
    with open(os.path.join(work, name), "w") as f:
        f.write(text)


def write_project(work):
    write(work, "shop/__init__.py", "")
    write(work, "shop/migrations/__init__.py", "")
    write(work, "urls.py", "from django.contrib import admin\nfrom django.urls import path\nurlpatterns = [path('admin/', admin.site.urls)]\n")
    write(work, "shop/admin.py", "from django.contrib import admin\nfrom shop.models import *\n@admin.register(Product)\nclass P(admin.ModelAdmin):\n"
          "    list_display = ['title', 'price', 'shop']\n    list_filter = ['active', 'shop', 'added']\n    search_fields = ['title', 'shop__name']\n"
          "    date_hierarchy = 'added'\nadmin.site.register([Shop, Sale])\n")


def configure(work):
    sys.path.insert(0, work)
    sys.dont_write_bytecode = True
    apps = ["django.contrib." + a for a in ("admin", "auth", "contenttypes", "sessions", "messages", "sites", "redirects", "flatpages", "postgres")] + ["shop"]
    settings.configure(
        DEBUG=False, SECRET_KEY="x", ALLOWED_HOSTS=["*"], ROOT_URLCONF="urls", USE_TZ=True, SITE_ID=1, INSTALLED_APPS=apps, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        STATIC_URL="/static/", PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        MIDDLEWARE=["django.contrib." + m for m in ("sessions.middleware.SessionMiddleware", "auth.middleware.AuthenticationMiddleware", "messages.middleware.MessageMiddleware")],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {"context_processors": [
            "django.template.context_processors.request", "django.contrib.auth.context_processors.auth", "django.contrib.messages.context_processors.messages"]}}],
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": URL.path[1:], "USER": URL.username, "HOST": URL.hostname, "PORT": URL.port}})
    django.setup()


def command(*args, **kw):
    from django.core.management import call_command
    out = io.StringIO()
    call_command(*args, stdout=out, stderr=out, no_color=True, **kw)
    return out.getvalue()


def fails(step, action):
    from django.db import DatabaseError, transaction
    try:
        with transaction.atomic():
            action()
        line(step, "no error")
    except DatabaseError as e:
        line(step, [type(e).__name__, e.__cause__.pgcode, e.__cause__.diag.message_primary, e.__cause__.diag.constraint_name])


def queries():
    from django.contrib.auth.models import Group, User
    from django.contrib.postgres.aggregates import ArrayAgg, StringAgg
    from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
    from django.db import connection, models
    from django.db.models import Avg, Case, Count, Exists, ExpressionWrapper, F, Max, OuterRef, Prefetch, Q, Subquery, Sum, Value, When, Window
    from django.db.models.functions import Coalesce, Concat, ExtractYear, Length, Lower, Now, Rank, RowNumber, TruncMonth
    from shop.models import Product, Sale, Shop
    users = User.objects.bulk_create([User(username="u%d" % i, email="u%d@x" % i) for i in range(3)])
    Group.objects.create(name="g").user_set.add(*users)
    north, south = Shop.objects.bulk_create([Shop(name="North", slug="n", opened="2020-01-02"), Shop(name="South", slug="s")])
    for i in range(6):
        Product.objects.create(id=uuid.UUID(int=i + 1), shop=north if i % 2 else south, owner=users[i % 3], title="Item %d" % i, price=decimal.Decimal("2.50") * i,
                               tags=["a", "t%d" % i], data={"k": i, "l": [{"m": "ü"}]}, stock=i, weight=i / 4, took=datetime.timedelta(hours=i), address="10.0.0.%d" % i)
    for i in range(4):
        sale = Sale.objects.create(product_id=uuid.UUID(int=i + 1), at=datetime.datetime(2024, 1 + i, 29, 12, tzinfo=datetime.timezone.utc), amount=i)
        sale.buyers.set(users[:i])
    line("filter", list(Product.objects.filter(price__gt=3, title__icontains="ITEM", shop__name__startswith="N").values_list("title", "price", "took", "weight")))
    line("json", [list(Product.objects.filter(**q).values_list("title", flat=True)) for q in ({"data__k": 3}, {"data__l__0__m": "ü"}, {"data__contains": {"k": 1}}, {"data__has_key": "l"}, {"data__k__gt": 3})])
    line("array", [list(Product.objects.filter(**q).values_list("title", flat=True)) for q in ({"tags__contains": ["t1"]}, {"tags__overlap": ["t1", "t2"]}, {"tags__len": 2, "tags__0": "a", "tags__1": "t5"})])
    line("q", list(Product.objects.filter(Q(price=0) | ~Q(stock__lt=5), active=True).exclude(owner=None).values("title", "owner__username")))
    line("annotate", list(Shop.objects.annotate(n=Count("products"), total=Sum("products__price"), top=Max("products__stock", filter=Q(products__price__lt=9))).values("name", "n", "total", "top").order_by("name")))
    line("aggregate", Product.objects.aggregate(Avg("price"), Sum("stock"), s=StringAgg("shop__name", ",", ordering="-title"), a=ArrayAgg("stock", ordering="stock")))
    line("sub", list(Shop.objects.annotate(last=Subquery(Product.objects.filter(shop=OuterRef("pk")).order_by("-price").values("title")[:1]), any=Exists(Sale.objects.filter(product__shop=OuterRef("pk"), amount__gt=2))).values_list("name", "last", "any").order_by("name")))
    line("window", list(Product.objects.annotate(r=Window(Rank(), partition_by=[F("shop_id")], order_by=F("price").desc()), n=Window(RowNumber(), order_by=F("id").asc())).values_list("title", "r", "n").order_by("id")))
    line("case", list(Product.objects.annotate(c=Case(When(price__gt=5, then=Value("dear")), default=Value("cheap"), output_field=models.CharField()), l=Length("title"), w=Concat(Lower("title"), Value("!"), output_field=models.TextField()), x=ExpressionWrapper(F("price") * F("stock"), output_field=models.DecimalField())).values_list("c", "l", "w", "x")[1:4]))
    line("dates", [list(Sale.objects.dates("at", "month")), list(Sale.objects.datetimes("at", "day", order="DESC")), list(Sale.objects.annotate(m=TruncMonth("at"), y=ExtractYear("at")).values("m", "y").annotate(n=Sum("amount")).order_by("m")),
                   Sale.objects.filter(at__year=2024, at__month__in=[1, 2], at__date="2024-01-29", at__hour=12, at__week_day=2).count()])
    line("related", [[s.name, [(p.title, p.owner.username, p.sale_set.count()) for p in s.products.all()]] for s in Shop.objects.prefetch_related(Prefetch("products", Product.objects.select_related("owner"))).order_by("name")])
    line("many", list(User.objects.filter(sale__amount__gte=2).distinct().order_by("-username").values_list("username", "groups__name")))
    line("search", list(Product.objects.annotate(v=SearchVector("title"), r=SearchRank(SearchVector("title"), SearchQuery("item"))).filter(v=SearchQuery("item & 3", search_type="raw")).values_list("title", "r")))
    line("union", list(Shop.objects.values_list("name").union(User.objects.values_list("username"), all=True).order_by("-name")[:3]))
    line("iterator", [p.stock for p in Product.objects.order_by("id").iterator(chunk_size=2)])
    line("in bulk", sorted(str(k) for k in Product.objects.in_bulk([uuid.UUID(int=1), uuid.UUID(int=9)])))
    line("regex", list(Product.objects.filter(title__iregex=r"item [0-1]$").values_list("title", flat=True)))
    line("update", [Product.objects.filter(stock__gt=3).update(price=F("price") + 1, title=Concat(F("title"), Value("*"), output_field=models.TextField())), Product.objects.bulk_update([Product(id=uuid.UUID(int=1), stock=70)], ["stock"])])
    line("get_or_create", [Shop.objects.get_or_create(name="North")[1], Shop.objects.update_or_create(name="West", defaults={"slug": "w"})[1]])
    line("bulk ignore", len(Shop.objects.bulk_create([Shop(name="West", slug="w")], ignore_conflicts=True)))
    line("delete", Shop.objects.filter(name="West").delete())
    line("now", Product.objects.filter(added__lte=Now()).count())
    line("none", Sale.objects.filter(amount=99).aggregate(x=Coalesce(Sum("amount"), 0)))
    line("explain", bool(Product.objects.all().explain()))
    fails("unique", lambda: Shop.objects.create(name="North"))
    fails("check", lambda: Product.objects.create(shop=north, title="neg", price=-1))
    fails("foreign key", lambda: (Product.objects.create(shop_id=999, title="x"), connection.check_constraints()))
    fails("null", lambda: Shop.objects.create(name=None))


def transactions():
    from django.db import connection, transaction
    from shop.models import Shop
    with transaction.atomic():
        Shop.objects.select_for_update(of=("self",), nowait=True).get(name="North")
        try:
            with transaction.atomic():
                Shop.objects.create(name="inner", slug="i")
                raise ValueError
        except ValueError:
            pass
        transaction.on_commit(lambda: line("on commit", Shop.objects.filter(name="outer").exists()))
        Shop.objects.create(name="outer", slug="o")
    line("shops", list(Shop.objects.order_by("name").values_list("name", flat=True)))
    with connection.cursor() as c:
        c.execute("SELECT name FROM shop_shop WHERE name = ANY(%s) ORDER BY 1", [["North", "outer"]])
        line("raw", c.fetchall())
        line("tables", sorted(t.name for t in connection.introspection.get_table_list(c)))
        line("sequences", connection.introspection.get_sequences(c, "shop_sale"))
        line("constraints", {k: {x: y for x, y in v.items()} for k, v in connection.introspection.get_constraints(c, "shop_product").items()})
        line("description", [list(d) for d in connection.introspection.get_table_description(c, "shop_product")])


def admin_pages():
    from django.contrib.auth.models import User
    from django.test import Client
    User.objects.create_superuser("root", "r@x", "secret")
    c = Client()
    line("login", c.login(username="root", password="secret"))
    pages = ["/admin/", "/admin/shop/product/?q=item&active__exact=1&o=-2", "/admin/shop/product/?added__year=%d" % datetime.date.today().year, "/admin/auth/user/?is_staff__exact=1",
             "/admin/shop/product/%s/change/" % uuid.UUID(int=2), "/admin/shop/shop/add/", "/admin/auth/group/1/history/", "/admin/shop/shop/1/delete/"]
    line("pages", [(p, c.get(p).status_code) for p in pages[:2] + pages[3:]])
    line("add", [c.post("/admin/shop/shop/add/", {"name": "Posted", "slug": "p", "opened_0": "", "opened_1": "", "rating": "3"}).status_code, c.post("/admin/shop/shop/1/delete/", {"post": "yes"}).status_code])


def before_changes():
    command("makemigrations", "shop")
    line("migrate", command("migrate"))
    queries()
    transactions()
    admin_pages()


def after_changes():
    """The models have changed: a second migration, and the way back to nothing."""
    from shop.models import Product
    command("makemigrations", "shop", "-n", "second")
    line("plan", command("migrate", "--plan"))
    line("migrate again", command("migrate"))
    line("nothing left", command("makemigrations", "shop", "--check", "--dry-run"))
    line("rows", list(Product.objects.order_by("id").values_list("title", "weight", "stock", "note")[:2]))
    line("inspectdb", command("inspectdb", "shop_product", "shop_sale", "shop_shop"))
    line("check", command("check", "--database", "default"))
    line("flushed", command("flush", "--no-input"))
    line("back", command("migrate", "shop", "zero"))
    line("shown", command("showmigrations", "shop"))


PHASES = {"before": before_changes, "after": after_changes}


def main():
    """Django keeps its models for the life of a process: each phase has one of its own."""
    if len(sys.argv) > 2:
        configure(sys.argv[2])
        return PHASES[sys.argv[3]]()
    with tempfile.TemporaryDirectory() as work:
        write_project(work)
        for phase in PHASES:
            text = MODELS
            for before, after in CHANGES if phase == "after" else []:
                assert before in text
                text = text.replace(before, after)
            write(work, "shop/models.py", text)
            subprocess.run([sys.executable, __file__, sys.argv[1], work, phase], check=True)


main()
