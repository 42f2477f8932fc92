"""Pages of people, posts, regions and the ways in."""
