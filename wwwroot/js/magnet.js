// This page as the one that opens magnet links: the browser asks its user, and keeps the answer.
const target = () => new URL('add?uri=%s', document.baseURI).href;

export function isPossible() {
  return window.isSecureContext && 'registerProtocolHandler' in navigator;
}

export function register() {
  try {
    navigator.registerProtocolHandler('magnet', target());
    return true;
  } catch {
    return false;
  }
}

export function unregister() {
  try {
    navigator.unregisterProtocolHandler?.('magnet', target());
    return 'unregisterProtocolHandler' in navigator;
  } catch {
    return false;
  }
}
