"""Public addresses of the room: what stands in messages, and where providers call."""

from django.urls import path

from channels.views.booking import booking, booking_cancel
from channels.views.click import click
from channels.views.form import form
from channels.views.hook import hook
from channels.views.pixel import pixel
from channels.views.unsubscribe import unsubscribe

urlpatterns = [
    path("o/<str:token>.gif", pixel, name="pixel"),
    path("c/<str:token>/<int:n>", click, name="click"),
    path("hooks/<str:hook>/", hook, name="hook"),
    path("u/<str:token>", unsubscribe, name="unsubscribe"),
    path("f/<str:token>/<str:slug>", form, name="form"),
    path("b/<str:token>/", booking, name="booking"),
    path("b/<str:token>/cancel", booking_cancel, name="booking_cancel"),
]
