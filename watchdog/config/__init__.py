"""From the operator's YAML file to the core's values.

Law of the package: every key, default and unit of the file is here, in one place, and every error is found before
anything runs. Nothing here touches a network or a server, and nothing here decides about a deployment.
"""
