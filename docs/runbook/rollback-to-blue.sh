#!/bin/sh
# rollback-to-blue.sh [SERVICE] [WHY]: all users to blue, recorded, and proved by live traffic.
rollback-watchdog status "${1:-app}" --json | grep -q '"candidate": "green"' || { echo "green is no candidate" >&2; exit 1; }
exec rollback-watchdog rollback "${1:-app}" --yes --because "${2:-rollback-to-blue.sh}"
