// Copies a text; false when the browser does not allow it.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

// Asks the browser to open magnet links with /add; false when it cannot.
export function handleMagnets() {
  if (!window.isSecureContext || !navigator.registerProtocolHandler) {
    return false;
  }

  navigator.registerProtocolHandler('magnet', new URL('add?uri=%s', document.baseURI).href.replace('%25s', '%s'));
  return true;
}
