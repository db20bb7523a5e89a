#!/bin/sh
# A browser for the tests: the one that is there, else Debian's, else Playwright's own.
set -eu
command -v chromium >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -y -qq chromium >/dev/null && exit 0
fi
exec "$1" -m playwright install chromium
