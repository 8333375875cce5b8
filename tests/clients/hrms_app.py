"""A personnel system on Django: staff, leave, attendance and payroll, reports, fixtures, management of rights. argv[1] is the URL."""
import datetime
import decimal
import io
import json
import os
import re
import sys
import tempfile
import urllib.parse

import django
from django.conf import settings

URL = urllib.parse.urlparse(sys.argv[1])
MODELS = '''
from django.contrib.auth.models import AbstractUser
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

class Stamped(models.Model):
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)
    class Meta:
        abstract = True

class Account(AbstractUser):
    language = models.CharField(max_length=5, default="en")

class Department(Stamped):
    name = models.CharField(max_length=100, unique=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children")
    budget = models.DecimalField(max_digits=14, decimal_places=2, default=0)

class Employee(Stamped):
    class Kind(models.TextChoices):
        FULL = "F", "full time"
        PART = "P", "part time"
    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="employee")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="staff")
    manager = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="reports")
    number = models.PositiveIntegerField(unique=True)
    kind = models.CharField(max_length=1, choices=Kind.choices, default=Kind.FULL)
    hired = models.DateField()
    left = models.DateField(null=True, blank=True)
    salary = models.DecimalField(max_digits=10, decimal_places=2, validators=[MinValueValidator(0)])
    skills = models.JSONField(default=list)
    class Meta:
        ordering = ["number"]
        permissions = [("see_salary", "May see salaries")]
        constraints = [models.CheckConstraint(check=Q(left__isnull=True) | Q(left__gte=F("hired")), name="left_after_hired")]

class Contractor(Employee):
    agency = models.CharField(max_length=60)

class Manager(Employee):
    class Meta:
        proxy = True

class Leave(Stamped):
    class Status(models.IntegerChoices):
        ASKED = 0
        GRANTED = 1
        REFUSED = 2
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="leaves")
    begins = models.DateField(db_index=True)
    ends = models.DateField()
    status = models.SmallIntegerField(choices=Status.choices, default=Status.ASKED)
    reason = models.TextField(blank=True)
    class Meta:
        get_latest_by = "begins"
        constraints = [models.UniqueConstraint(fields=["employee", "begins"], condition=~Q(status=2), name="one_leave_a_day")]

class Attendance(models.Model):
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE)
    day = models.DateField()
    came = models.TimeField(null=True)
    went = models.TimeField(null=True)
    late = models.DurationField(default="0")
    class Meta:
        unique_together = [("employee", "day")]
        index_together = [("day", "employee")]

class Project(models.Model):
    name = models.SlugField(primary_key=True)
    members = models.ManyToManyField(Employee, through="Membership")

class Membership(models.Model):
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE)
    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    share = models.FloatField(default=1)

class Payslip(models.Model):
    employee = models.ForeignKey(Employee, on_delete=models.RESTRICT)
    month = models.DateField()
    gross = models.DecimalField(max_digits=10, decimal_places=2)
    tax = models.DecimalField(max_digits=10, decimal_places=2)
'''


def line(step, value):
    year = str(datetime.date.today().year)
    print("%s: %s" % (step, re.sub(year + r"-\d\d-\d\d[T ][0-9:.+Z]+", "<now>", json.dumps(value, default=str, sort_keys=True))))


def configure(work):
    os.makedirs(work + "/hr/migrations")
    for name, text in (("hr/__init__.py", ""), ("hr/migrations/__init__.py", ""), ("hr/models.py", MODELS)):
        with open(os.path.join(work, name), "w") as f:
            f.write(text)
    sys.path.insert(0, work)
    sys.dont_write_bytecode = True
    settings.configure(
        SECRET_KEY="x", USE_TZ=True, TIME_ZONE="Asia/Kolkata", DEFAULT_AUTO_FIELD="django.db.models.AutoField", AUTH_USER_MODEL="hr.Account",
        INSTALLED_APPS=["django.contrib." + a for a in ("admin", "auth", "contenttypes", "sessions", "messages")] + ["hr"],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"], SILENCED_SYSTEM_CHECKS=["admin.E403", "admin.E408", "admin.E409", "admin.E410"],
        CACHES={"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache_table"}}, SESSION_ENGINE="django.contrib.sessions.backends.db",
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": URL.path[1:], "USER": URL.username, "HOST": URL.hostname, "PORT": URL.port,
                               "CONN_MAX_AGE": 60, "OPTIONS": {"options": "-c statement_timeout=30000"}}})
    django.setup()


def command(*args, **kw):
    from django.core.management import call_command
    out = io.StringIO()
    call_command(*args, stdout=out, stderr=out, no_color=True, **kw)
    return out.getvalue()


def fails(step, action):
    from django.db import DatabaseError, transaction
    from django.db.models import ProtectedError, RestrictedError
    try:
        with transaction.atomic():
            action()
        line(step, "no error")
    except (ProtectedError, RestrictedError) as e:
        line(step, [type(e).__name__, e.args[0]])
    except DatabaseError as e:
        line(step, [type(e).__name__, e.__cause__.pgcode, e.__cause__.diag.message_primary, e.__cause__.diag.constraint_name])


def staff():
    from hr.models import Account, Attendance, Contractor, Department, Employee, Leave, Membership, Payslip, Project
    top = Department.objects.create(name="Company", budget="1000000.00")
    parts = Department.objects.bulk_create([Department(name=n, parent=top, budget=b) for n, b in (("Sales", 250000), ("Research", "400000.50"), ("Håndverk", 0))])
    boss = None
    for i in range(9):
        account = Account.objects.create_user("user%d" % i, "user%d@example.org" % i, "pw", first_name="First%d" % i, last_name="Last%d" % (8 - i))
        kind = dict(agency="Agency %d" % i) if i == 8 else {}
        e = (Contractor if kind else Employee).objects.create(
            account=account, department=parts[i % 3], manager=boss if i else None, number=100 + i, kind="P" if i % 4 == 3 else "F", hired=datetime.date(2015 + i % 5, 1 + i, 28),
            salary=decimal.Decimal(30000) + 1111 * i, skills=["c", {"level": i}], **kind)
        boss = boss or e
    everyone = list(Employee.objects.all())
    for n, e in enumerate(everyone):
        for d in range(3):
            Attendance.objects.create(employee=e, day=datetime.date(2024, 2, 27) + datetime.timedelta(days=d), came=datetime.time(8, n * 5), went=datetime.time(16, 30 + n) if n % 3 else None,
                                      late=datetime.timedelta(minutes=n * 5))
        Leave.objects.create(employee=e, begins=datetime.date(2024, 1 + n, 15), ends=datetime.date(2024, 1 + n, 15 + n), status=n % 3, reason="x" * n)
        Payslip.objects.create(employee=e, month=datetime.date(2024, 2, 1), gross=e.salary / 12, tax=e.salary / 40)
    for p in ("apollo", "gemini"):
        project = Project.objects.create(name=p)
        Membership.objects.bulk_create([Membership(employee=e, project=project, share=1 / (k + 1)) for k, e in enumerate(everyone) if k % (1 + len(p) % 2 + 1) == 0])


def reports():
    from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, FloatField, Max, Min, OuterRef, Q, StdDev, Subquery, Sum, Value, Window
    from django.db.models.functions import Cast, Coalesce, Concat, ExtractDay, ExtractQuarter, ExtractWeekDay, FirstValue, Greatest, JSONObject, Lag, LPad, NullIf, Ntile, Round, StrIndex, TruncMonth, TruncYear
    from hr.models import Attendance, Department, Employee, Leave, Payslip, Project
    line("staff", list(Employee.objects.filter(left=None).select_related("account", "department").values_list("number", "account__last_name", "department__name", "manager__account__username", "kind")))
    line("departments", list(Department.objects.annotate(n=Count("staff"), pay=Sum("staff__salary"), part=Count("staff", filter=Q(staff__kind="P")), spread=Round(StdDev("staff__salary"))).order_by("-n", "name").values("name", "n", "pay", "part", "parent__name", "spread")))
    line("over budget", list(Department.objects.annotate(pay=Coalesce(Sum("staff__salary"), Value(decimal.Decimal(0)))).filter(pay__gt=F("budget")).values_list("name", flat=True)))
    line("ranked", list(Employee.objects.annotate(q=Window(Ntile(3), order_by=F("salary").desc()), before=Window(Lag("salary"), partition_by="department", order_by=F("salary").asc()), best=Window(FirstValue("number"), partition_by="department", order_by=F("salary").desc())).values_list("number", "q", "before", "best")))
    line("leave", list(Leave.objects.annotate(days=ExpressionWrapper(F("ends") - F("begins"), output_field=DurationField()), m=TruncMonth("begins"), q=ExtractQuarter("begins"), w=ExtractWeekDay("begins"), d=ExtractDay("ends")).order_by("begins").values_list("days", "m", "q", "w", "d", "status")))
    line("latest leave", list(Employee.objects.annotate(last=Subquery(Leave.objects.filter(employee=OuterRef("pk")).order_by("-begins").values("begins")[:1])).values_list("number", "last")[:4]))
    line("attendance", list(Attendance.objects.filter(day="2024-02-29").aggregate(Min("came"), Max("went"), Sum("late"), Avg("late")).items()))
    line("hours", list(Attendance.objects.filter(day__day=29, went__isnull=False).annotate(t=ExpressionWrapper(F("went") - F("came"), output_field=DurationField())).order_by("-t", "employee_id").values_list("employee__number", "t")))
    line("pay", list(Payslip.objects.annotate(net=F("gross") - F("tax"), share=Cast(F("tax"), FloatField()) / Cast(NullIf(F("gross"), Value(decimal.Decimal(0))), FloatField()), y=TruncYear("month")).order_by("-net").values_list("net", "share", "y")[:3]))
    line("skills", list(Employee.objects.filter(skills__contains=[{"level": 3}]).values_list("number", "skills__1__level")) + list(Employee.objects.filter(skills__1__level__gte=7).values_list("number", flat=True)))
    line("texts", list(Employee.objects.annotate(label=Concat(LPad(Cast("number", output_field=django.db.models.CharField()), 6, Value("0")), Value(" "), "account__last_name"), at=StrIndex("account__email", Value("@")), top=Greatest("hired", Value(datetime.date(2017, 1, 1)))).values_list("label", "at", "top")[:3]))
    line("as json", list(Project.objects.order_by("name").values_list("name", JSONObject(n=Count("members"), share=Sum("membership__share")))))
    line("tree", [(d.name, sorted(c.name for c in d.children.all())) for d in Department.objects.filter(children__isnull=False).distinct().prefetch_related("children")])
    line("contractor", [(c.agency, c.number, c.employee_ptr.department.name) for c in __import__("hr.models").models.Contractor.objects.all()])
    line("earliest", [Leave.objects.earliest().begins, Leave.objects.latest().begins, Leave.objects.dates("begins", "year", order="DESC")[0]])
    line("sets", [list(Employee.objects.filter(kind="P").values_list("number").intersection(Employee.objects.filter(number__lt=105).values_list("number"))), list(Employee.objects.values_list("number").difference(Employee.objects.exclude(kind="P").values_list("number")).order_by("-number"))])


def changes():
    from django.contrib.auth.models import Group, Permission
    from django.core.cache import cache
    from django.db import connection, transaction
    from django.db.models import Case, F, Value, When
    from hr.models import Account, Attendance, Department, Employee, Leave, Manager
    line("raise", Employee.objects.update(salary=Case(When(kind="P", then=F("salary") * decimal.Decimal("1.02")), default=F("salary") + 500)))
    line("renamed", Manager.objects.filter(number=100).update(left=None))
    line("updated", Attendance.objects.update_or_create(employee=Employee.objects.get(number=101), day="2024-02-27", defaults={"late": datetime.timedelta(0)})[1])
    line("only new ones", len(Department.objects.bulk_create([Department(name="Sales", budget=1), Department(name="Legal", budget=2)], ignore_conflicts=True)))
    line("budgets", list(Department.objects.order_by("name").values_list("name", "budget")))
    fails("protected", lambda: Department.objects.get(name="Sales").delete())
    fails("restricted", lambda: Employee.objects.get(number=105).delete())
    fails("left before hired", lambda: Employee.objects.filter(number=101).update(left="2000-01-01"))
    fails("second leave", lambda: Leave.objects.create(employee=Employee.objects.get(number=101), begins="2024-02-15", ends="2024-02-16"))
    fails("attended twice", lambda: Attendance.objects.create(employee=Employee.objects.get(number=101), day="2024-02-27"))
    fails("number too large", lambda: Employee.objects.filter(number=101).update(number=2147483648))
    fails("negative number", lambda: Employee.objects.filter(number=101).update(number=-1))
    clerks = Group.objects.create(name="clerks")
    clerks.permissions.set(Permission.objects.filter(codename__in=["see_salary", "view_employee", "add_leave"]))
    user = Account.objects.get(username="user3")
    user.groups.add(clerks)
    line("rights", sorted(p for p in Account.objects.get(pk=user.pk).get_all_permissions()))
    line("who may", list(Account.objects.with_perm("hr.see_salary", backend="django.contrib.auth.backends.ModelBackend").order_by("username").values_list("username", flat=True)))
    command("createcachetable")
    cache.set_many({"a": [1, {"b": 2}], "c": "x"}, 300)
    line("cache", [cache.get("a"), cache.add("c", 1), cache.get_or_set("d", 4), cache.incr("d"), cache.get_many(["a", "c", "z"]), cache.delete("a"), cache.get("a", "gone")])
    with transaction.atomic(), connection.cursor() as c:
        c.execute("SET CONSTRAINTS ALL DEFERRED")
        c.execute("UPDATE hr_employee SET manager_id = 999 WHERE number = 101")
        c.execute("UPDATE hr_employee SET manager_id = NULL WHERE number = 101")
    with connection.cursor() as c:
        c.execute("SELECT current_setting('statement_timeout'), current_setting('TimeZone'), pg_typeof(salary)::text FROM hr_employee LIMIT 1")
        line("session", c.fetchone())
        c.executemany("INSERT INTO hr_project (name) VALUES (%s)", [["one"], ["two"]])
        c.callproc("length", ["abc"])
        line("callproc", c.fetchall())


def fixtures(work):
    from hr.models import Employee, Leave
    dumped = command("dumpdata", "hr", "auth.Group", "--natural-foreign", "--indent", "1")
    line("dumped", len(json.loads(dumped)))
    with open(work + "/all.json", "w") as f:
        f.write(dumped)
    command("flush", "--no-input")
    line("flushed", Employee.objects.count())
    line("loaded", command("loaddata", work + "/all.json"))
    line("again", [Employee.objects.count(), Leave.objects.create(employee=Employee.objects.first(), begins="2030-01-01", ends="2030-01-02").pk])
    line("sequences", command("sqlsequencereset", "hr"))
    line("same", json.loads(command("dumpdata", "hr.Department", "hr.Payslip", "hr.Membership")) == [r for r in json.loads(dumped) if r["model"] in ("hr.department", "hr.payslip", "hr.membership")])
    line("migration", command("sqlmigrate", "hr", "0001"))


def main():
    with tempfile.TemporaryDirectory() as work:
        configure(work)
        command("makemigrations", "hr")
        line("migrate", command("migrate"))
        line("checked", command("migrate", "--check"))
        staff()
        reports()
        changes()
        fixtures(work)


main()
