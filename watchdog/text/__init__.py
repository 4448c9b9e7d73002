"""How quantities and reasons are written, wherever a person reads them: messages, screens, the deploy driver.

Stands beside the layers: plain functions over plain values, standard library only, so that everybody may import it.
"""
