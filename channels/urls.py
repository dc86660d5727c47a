"""Public addresses of the room: what stands in messages, and where providers call."""

from django.urls import path

from channels.views.booking import booking, booking_cancel
from channels.views.click import click
from channels.views.confirm import confirm
from channels.views.form import form
from channels.views.hook import hook
from channels.views.pixel import pixel
from channels.views.preferences import choose
from channels.views.subscribe import landing, missing_address, subscribe
from channels.views.unsubscribe import unsubscribe

urlpatterns = [
    path("o/<str:token>.gif", pixel, name="pixel"),
    path("c/<str:token>/<int:n>", click, name="click"),
    path("hooks/<str:hook>/", hook, name="hook"),
    path("u/<str:token>", unsubscribe, name="unsubscribe"),
    path("p/<str:token>", choose, name="preferences"),
    path("a/<str:token>", missing_address, name="missing_address"),
    path("j/<str:token>", landing, name="landing"),
    path("join/<str:token>", subscribe, name="subscribe"),
    path("confirm/<str:token>", confirm, name="confirm"),
    path("f/<str:token>/<str:slug>", form, name="form"),
    path("b/<str:token>/", booking, name="booking"),
    path("b/<str:token>/cancel", booking_cancel, name="booking_cancel"),
]
