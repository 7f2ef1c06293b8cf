"""Pages that know their own answers: documents set by several setters, and what docmill makes of them."""
