"""One module a product, or a family of them: the lists of a selection -> text in its syntax."""
