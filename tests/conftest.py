"""What holds for every test: property tests give the same examples on every run and are not timed one by one."""

from hypothesis import settings

# A loaded machine makes any single example slow; the whole test has its own timeout. The same examples on every run:
# a failure that is seen once is seen again. Long variants raise `max_examples` beside themselves.
settings.register_profile("project", deadline=None, derandomize=True, database=None)
settings.load_profile("project")
