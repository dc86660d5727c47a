"""The public edges of the room: picture, links, the unsubscribe page, and the door for providers."""
