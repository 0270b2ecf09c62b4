from django.db import models
from then.blog.models import Article, Person


class Comment(models.Model):
    article = models.ForeignKey(Article, models.CASCADE)
    author = models.ForeignKey(Person, models.SET_NULL, null=True)
    parent = models.ForeignKey("self", models.CASCADE, null=True)
    text = models.CharField(max_length=200)
