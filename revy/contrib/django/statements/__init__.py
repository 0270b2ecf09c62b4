"""What each write statement of the ORM does to the rows: observed where Django runs it, in its compilers.

Whatever way leads there (a save, a queryset, a manager, a cascade), every INSERT, UPDATE and DELETE of the ORM is
executed by one of three compilers. Old values are read from the rows, under lock, in the transaction of the statement.
"""

from __future__ import annotations

from django.db.models.sql.compiler import SQLDeleteCompiler, SQLInsertCompiler, SQLUpdateCompiler

from revy.contrib.django.patching import replace
from revy.contrib.django.statements.delete import make_delete
from revy.contrib.django.statements.insert import make_insert
from revy.contrib.django.statements.update import make_update


def install() -> None:
    replace(SQLInsertCompiler, "execute_sql", make_insert)
    replace(SQLUpdateCompiler, "execute_sql", make_update)
    if hasattr(SQLUpdateCompiler, "execute_returning_sql"):
        replace(SQLUpdateCompiler, "execute_returning_sql", make_update)
    replace(SQLDeleteCompiler, "execute_sql", make_delete)
