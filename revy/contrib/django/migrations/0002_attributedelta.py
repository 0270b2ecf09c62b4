import django.db.models.deletion
from django.db import migrations, models

import revy.contrib.django.fields
from revy.contrib.django.conf import ATTRIBUTE_DELTA_SETTING, OBJECT_DELTA_SETTING, swappable_label


class Migration(migrations.Migration):
    # Apart from the first one, so that an object delta model of another app can refer to the revisions made there.
    initial = True

    dependencies = [
        ("revy", "0001_initial"),
        ("contenttypes", "__first__"),
        migrations.swappable_dependency(swappable_label(OBJECT_DELTA_SETTING)),
    ]

    operations = [
        migrations.CreateModel(
            name="AttributeDelta",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "actor_id",
                    revy.contrib.django.fields.KeyField(blank=True, max_length=255, null=True, verbose_name="actor id"),
                ),
                ("description", models.TextField(blank=True, default="", verbose_name="description")),
                ("field_name", models.CharField(max_length=255, verbose_name="field name")),
                ("old_value", models.JSONField(blank=True, null=True, verbose_name="old value")),
                ("new_value", models.JSONField(blank=True, null=True, verbose_name="new value")),
                (
                    "actor_type",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="contenttypes.contenttype",
                        verbose_name="actor type",
                    ),
                ),
                (
                    "object_delta",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attribute_deltas",
                        to=swappable_label(OBJECT_DELTA_SETTING),
                        verbose_name="object delta",
                    ),
                ),
            ],
            options={"abstract": False, "swappable": ATTRIBUTE_DELTA_SETTING},
        ),
    ]
