import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("migrated", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Memo",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=50)),
                (
                    "entry",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to="migrated.article"),
                ),
                ("topics", models.ManyToManyField(to="migrated.topic")),
                (
                    "parent",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, to="migrated_source.memo"
                    ),
                ),
            ],
        ),
    ]
