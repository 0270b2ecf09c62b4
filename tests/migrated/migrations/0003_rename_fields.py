from django.db import migrations

from revy.contrib.django.operations import RenameTrackedField


class Migration(migrations.Migration):
    dependencies = [("migrated", "0002_pin"), ("revy", "0001_initial")]

    operations = [
        RenameTrackedField(model_name="article", old_name="headline", new_name="title"),
        RenameTrackedField(model_name="article", old_name="author", new_name="writer"),
        RenameTrackedField(model_name="article", old_name="tags", new_name="labels"),
        RenameTrackedField(model_name="place", old_name="name", new_name="title"),
    ]
