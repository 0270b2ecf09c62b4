import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("migrated", "0001_initial"), ("migrated_source", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Pin",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "note",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="migrated_source.memo"),
                ),
            ],
        ),
        migrations.RemoveField(model_name="place", name="title"),
    ]
