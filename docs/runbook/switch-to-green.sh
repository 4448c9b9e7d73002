#!/bin/sh
# switch-to-green.sh [SERVICE] [WHY]: the evidence of the step under way counts as gathered; its soak goes on, then the next begins.
rollback-watchdog status "${1:-app}" --json | grep -q '"candidate": "green"' || { echo "green is no candidate" >&2; exit 1; }
exec rollback-watchdog promote "${1:-app}" --yes --because "${2:-switch-to-green.sh}"
