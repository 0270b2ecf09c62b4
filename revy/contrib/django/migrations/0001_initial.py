import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import revy.contrib.django.fields
from revy.contrib.django.conf import OBJECT_DELTA_SETTING, REVISION_SETTING, swappable_label


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("contenttypes", "__first__"),
        migrations.swappable_dependency(swappable_label(REVISION_SETTING)),
    ]

    operations = [
        migrations.CreateModel(
            name="Revision",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("description", models.TextField(blank=True, default="", verbose_name="description")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created at"),
                ),
            ],
            options={"abstract": False, "swappable": REVISION_SETTING},
        ),
        migrations.CreateModel(
            name="ObjectDelta",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "actor_id",
                    revy.contrib.django.fields.KeyField(blank=True, max_length=255, null=True, verbose_name="actor id"),
                ),
                ("description", models.TextField(blank=True, default="", verbose_name="description")),
                (
                    "action",
                    models.CharField(
                        choices=[("C", "Create"), ("U", "Update"), ("D", "Delete")],
                        max_length=1,
                        verbose_name="action",
                    ),
                ),
                ("content_id", revy.contrib.django.fields.KeyField(max_length=255, verbose_name="content id")),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("state", models.JSONField(blank=True, null=True, verbose_name="state")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="created at"),
                ),
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
                    "content_type",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="contenttypes.contenttype",
                        verbose_name="content type",
                    ),
                ),
                (
                    "revision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="object_deltas",
                        to=swappable_label(REVISION_SETTING),
                        verbose_name="revision",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "swappable": OBJECT_DELTA_SETTING,
                "indexes": [models.Index(fields=["actor_type", "actor_id"], name="revy_object_actor_t_f91047_idx")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("content_type", "content_id", "version"), name="revy_objectdelta_version"
                    )
                ],
            },
        ),
    ]
