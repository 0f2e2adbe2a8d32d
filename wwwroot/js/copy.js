// Any button with data-copy copies that text without asking the circuit: the link is in the page already.
const status = document.getElementById('copy-status');

async function write(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);

  // Plain http on another machine has no clipboard object; the old way still works there.
  const box = document.createElement('textarea');
  box.value = text;
  box.style.position = 'fixed';
  box.style.opacity = '0';
  document.body.append(box);
  box.select();
  const done = document.execCommand('copy');
  box.remove();
  if (!done) throw new Error('refused');
}

document.addEventListener('click', async event => {
  const button = event.target.closest?.('[data-copy]');
  if (!button) return;
  try {
    await write(button.dataset.copy);
    status.textContent = 'Copied.';
    button.dataset.copied = '';
  } catch {
    status.textContent = 'The browser refused to copy; select the text and copy it by hand.';
  }

  setTimeout(() => {
    delete button.dataset.copied;
    status.textContent = '';
  }, 2000);
});

// For commands of a menu: the text came from the server, the click is still fresh.
window.p2pCopy = async text => {
  try {
    await write(text);
    return true;
  } catch {
    return false;
  }
};
