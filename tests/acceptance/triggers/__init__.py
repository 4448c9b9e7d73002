"""The runbook's five triggers, each from every source that can see it: real servers, a real daemon, one fault.

Law of the package: a file is a trigger. Its services are deployed side by side in one laboratory, each watched by one
source alone, and all faults come at once, so that a file takes as long as its slowest cell.
"""
