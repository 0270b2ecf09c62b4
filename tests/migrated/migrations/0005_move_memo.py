from django.db import migrations

from revy.contrib.django.operations import MoveTrackedModel


class Migration(migrations.Migration):
    dependencies = [("migrated", "0004_rename_article"), ("migrated_source", "0001_initial")]

    operations = [MoveTrackedModel(name="Memo", from_app="migrated_source", new_name="Note")]
