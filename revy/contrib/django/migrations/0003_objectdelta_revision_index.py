import django.db.models.deletion
from django.db import migrations, models

from revy.contrib.django.conf import REVISION_SETTING, swappable_label


class Migration(migrations.Migration):
    dependencies = [
        ("revy", "0002_attributedelta"),
    ]

    operations = [
        # Before the old one goes: MySQL and MariaDB do not leave a foreign key without an index.
        migrations.AddIndex(
            model_name="objectdelta",
            index=models.Index(fields=["revision", "id"], name="revy_object_revisio_f84f7a_idx"),
        ),
        migrations.AlterField(
            model_name="objectdelta",
            name="revision",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="object_deltas",
                to=swappable_label(REVISION_SETTING),
                verbose_name="revision",
            ),
        ),
    ]
