"""From a source's plain settings to the live adapter: one module per kind.

Law of the package: conversion only. Nothing is started or asked here, and nothing is decided. `build` is the one door.
"""
