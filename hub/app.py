"""The composition root: builds the Flask application out of the rooms. Holds no rule."""
