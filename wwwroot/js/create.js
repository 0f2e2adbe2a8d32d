// The upload of the Create page: the file goes by HTTP, and its bar moves without the circuit.
import { share } from './upload.js';

let page = null;

export function start(reference, input, progress) {
  page = reference;
  const send = async () => {
    const file = input.files[0];
    if (!file) return;
    input.disabled = true;
    progress.hidden = false;
    const result = await share(file, (loaded, total) => { progress.value = total ? loaded / total : 0; });
    input.disabled = false;
    input.value = '';
    progress.hidden = true;
    progress.value = 0;
    await page?.invokeMethodAsync('OnDone', JSON.stringify(result));
  };
  input.addEventListener('change', send);
  send(); // What was chosen before this was here.
}

export function stop() {
  page = null;
}
