"""Public addresses of the room."""

from django.urls import path

from contacts.reachability import reach

urlpatterns = [path("reach/<str:nonce>/", reach, name="reach")]
