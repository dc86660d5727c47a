"""Public addresses of the room."""

from django.urls import path

from contacts.reachability import reach
from contacts.views import hook

urlpatterns = [
    path("reach/<str:nonce>/", reach, name="reach"),
    path("hooks/in/<str:hook>/", hook, name="connection_hook"),
]
