#!/usr/bin/env bash
# Draws the icons of the installed page from favicon.svg: scripts/icons.sh. Needs Chromium. The mark stays inside the circle that launchers cut.
set -euo pipefail
cd "$(dirname "$0")/../wwwroot"
for size in 192 512; do
  page=$(mktemp --suffix=.html)
  printf '<body style="margin:0;background:#2B50C8"><img src="file://%s/favicon.svg" width="%s" height="%s" style="display:block">' "$PWD" "$size" "$size" > "$page"
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --allow-file-access-from-files --window-size="$size,$size" --screenshot="$PWD/icon-$size.png" "file://$page" >/dev/null 2>&1
  rm -f "$page"
done
