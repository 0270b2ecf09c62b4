from django.db import migrations

from revy.contrib.django.operations import RenameTrackedModel


class Migration(migrations.Migration):
    dependencies = [("migrated", "0003_rename_fields")]

    operations = [RenameTrackedModel(old_name="Article", new_name="Entry")]
