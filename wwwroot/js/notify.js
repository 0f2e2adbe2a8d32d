// Notifications of the browser, for a tab that is not looked at.
export async function ask() {
  if (!('Notification' in window)) return false;
  return Notification.permission === 'granted' || await Notification.requestPermission() === 'granted';
}

export function tell(title, body, address) {
  if (!document.hidden || !('Notification' in window) || Notification.permission !== 'granted') return false;
  const shown = new Notification(title, { body, icon: 'favicon.svg', tag: address });
  shown.onclick = () => {
    window.focus();
    location.assign(new URL(address, document.baseURI));
  };
  return true;
}
