"""Record one save with the installed revy, and read the delta back."""

import django

django.setup()

from django.contrib.contenttypes.models import ContentType  # noqa: E402
from notes.models import Note  # noqa: E402

from revy import Context  # noqa: E402
from revy.contrib.django.models import ObjectDelta  # noqa: E402

Note.objects.create(text="before any context")
assert not ObjectDelta.objects.exists()

with Context.via_actor(None), Context.via_revision_description("The first note."):
    note = Note.objects.create(text="hello")

delta = ObjectDelta.objects.get(content_type=ContentType.objects.get_for_model(Note), content_id=str(note.pk))
assert delta.action == ObjectDelta.ACTION_CREATE, delta.action
assert delta.revision.description == "The first note.", delta.revision.description
assert delta.state["text"] == "hello", delta.state
print(f"recorded and read back: {delta}")
