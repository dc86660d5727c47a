"""Public addresses of the room: what stands in messages, and where providers call."""

from django.urls import path

from channels.views.booking import booking, booking_cancel
from channels.views.click import click
from channels.views.confirm import confirm
from channels.views.form import form
from channels.views.hook import hook
from channels.views.pixel import pixel
from channels.views.preferences import choose
from channels.views.push import push, push_here, push_icon, push_left, push_manifest, push_told, push_worker
from channels.views.site import site_call, site_script
from channels.views.subscribe import landing, missing_address, subscribe
from channels.views.unsubscribe import unsubscribe

urlpatterns = [
    path("push/", push, name="push"),
    path("push/sw.js", push_worker, name="push_worker"),
    path("push/app.webmanifest", push_manifest, name="push_manifest"),
    path("push/icon", push_icon, name="push_icon"),
    path("push/here", push_here, name="push_here"),
    path("push/left", push_left, name="push_left"),
    path("push/told", push_told, name="push_told"),
    path("push/<str:token>", push, name="push_by"),
    path("o/<str:token>.gif", pixel, name="pixel"),
    path("c/<str:token>/<int:n>", click, name="click"),
    path("site.js", site_script, name="site_script"),
    path("s/<str:key>", site_call, name="site_call"),
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
