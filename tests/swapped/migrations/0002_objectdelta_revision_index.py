import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        ("swapped", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="objectdelta",
            name="revision",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="object_deltas",
                to=settings.REVY_REVISION_MODEL,
                verbose_name="revision",
            ),
        ),
        migrations.AddIndex(
            model_name="objectdelta",
            index=models.Index(fields=["revision", "id"], name="swapped_obj_revisio_bccff8_idx"),
        ),
    ]
