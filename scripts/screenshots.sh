#!/usr/bin/env bash
# Draws docs/screenshots anew: every page at 390, 768 and 1440 px, light and dark, on made-up torrents and peers. Needs Chromium; some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
export P2P_PICTURES="$PWD/docs/screenshots"
mkdir -p "$P2P_PICTURES"
rm -f "$P2P_PICTURES"/*.webp
dotnet run --project tests/P2P.Blazor.Tests -- -class P2P.Blazor.Tests.Browser.PageTourTests
ls "$P2P_PICTURES" | wc -l
