"""A made-up county, or several, to try the product on: nothing in it is real, every byte is repeatable."""
