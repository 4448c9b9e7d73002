#!/bin/sh
# traffic-split.sh PERCENT [SERVICE] [WHY]: fewer users for the candidate than its step has, until `rollback-watchdog resume`.
exec rollback-watchdog hold "${2:-app}" "${1%\%}%" --yes --because "${3:-traffic-split.sh}"
