#!/bin/sh
# Called by webhook in the run folder with the colour whose errors are high: all traffic to blue by an atomic rename and
# a reload.
echo "hook $1 $(date +%s.%N)" >> events.log
[ "$1" = green ] || exit 0
printf 'split_clients "$request_id" $pool { * blue; }\n' > split.conf.new && mv split.conf.new split.conf
/usr/sbin/nginx -t -q -c "$PWD/nginx.conf" -p "$PWD" || { echo "refused $1 $(date +%s.%N)" >> events.log; exit 1; }
kill -HUP "$(cat nginx.pid)"
echo "reloaded $1 $(date +%s.%N)" >> events.log
