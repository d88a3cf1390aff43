// Brings sound into the page: a recording, or a file. Nothing is kept here; what is sent goes to this page's own kernel.
// Messages to Python: {kind: "recording" | "file" | "trouble", name, part, parts} with one buffer; `model` holds the limits.

const PART_BYTES = 2 ** 20; // servers cut the line at ten times as much

function sendInParts(model, kind, name, buffer) {
  const parts = Math.max(1, Math.ceil(buffer.byteLength / PART_BYTES));
  for (let part = 0; part < parts; part += 1) {
    const content = buffer.slice(part * PART_BYTES, (part + 1) * PART_BYTES);
    model.send({ kind, name, part, parts }, undefined, [content]);
  }
}

async function asSpeech(blob, rateHz, longestSeconds) {
  const context = new AudioContext();
  const decoded = await context.decodeAudioData(await blob.arrayBuffer());
  await context.close();
  const seconds = Math.min(decoded.duration, longestSeconds);
  const offline = new OfflineAudioContext(1, Math.max(1, Math.round(seconds * rateHz)), rateHz);
  const source = offline.createBufferSource();
  source.buffer = decoded; // one channel at the end: the browser takes the mean of the channels
  source.connect(offline.destination);
  source.start();
  return (await offline.startRendering()).getChannelData(0).slice().buffer;
}

function whyNot(error) {
  if (error.name === "NotAllowedError") return "The browser does not let this page use the microphone. Allow it and press again, or choose a file.";
  if (error.name === "NotFoundError") return "There is no microphone here. Plug one in and press again, or choose a file.";
  return `The microphone gave no sound (${error.name}). Close other programs that use it and press again, or choose a file.`;
}

// Sliders of ipywidgets have a label beside them that is not tied to them; readers of the screen need the tie.
function nameSliders() {
  for (const slider of document.querySelectorAll(".widget-slider")) {
    const words = slider.querySelector(".widget-label")?.textContent;
    slider.querySelector(".noUi-handle:not([aria-label])")?.setAttribute("aria-label", words);
  }
}

function render({ model, el }) {
  const watch = new MutationObserver(nameSliders);
  watch.observe(document.body, { childList: true, subtree: true });
  const [longest, rateHz, mostBytes] = ["longest_s", "rate_hz", "most_bytes"].map((name) => model.get(name));
  el.classList.add("s2f-input");
  el.innerHTML = `
    <div class="s2f-input-row">
      <button type="button" class="s2f-record">Record up to ${longest} s</button>
      <span class="s2f-state" role="status" aria-live="polite">The microphone is off.</span>
    </div>
    <label class="s2f-drop">or drop a sound file here, or choose one (wav, flac, ogg, mp3, …; up to ${mostBytes / 2 ** 20} MB)
      <input type="file" accept="audio/*,.wav,.flac,.ogg,.opus,.mp3,.aiff">
    </label>`;
  const [button, state, drop, input] = [".s2f-record", ".s2f-state", ".s2f-drop", "input"].map((one) => el.querySelector(one));
  let recorder = null;
  let clock = null;
  let asked = false;

  const trouble = (words) => {
    state.textContent = words;
    state.classList.add("s2f-trouble");
  };
  const calm = (words) => {
    state.textContent = words;
    state.classList.remove("s2f-trouble");
  };

  const silence = () => {
    clearInterval(clock);
    if (recorder) recorder.stream.getTracks().forEach((track) => track.stop());
    recorder = null;
    button.textContent = `Record up to ${longest} s`;
    button.classList.remove("s2f-on");
  };

  async function begin() {
    if (!navigator.mediaDevices?.getUserMedia) {
      trouble("This browser offers no microphone to pages that are not on this computer or not encrypted. Choose a file.");
      return;
    }
    if (asked) return;
    asked = true;
    try {
      calm("Waiting for the microphone …");
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const pieces = [];
      recorder = new MediaRecorder(stream);
      recorder.ondataavailable = (event) => pieces.push(event.data);
      recorder.onstop = async () => {
        silence();
        calm("Recorded. Decoding …");
        try {
          sendInParts(model, "recording", "", await asSpeech(new Blob(pieces), rateHz, longest));
          calm("The microphone is off.");
        } catch (error) {
          trouble(`The recording could not be decoded (${error.name}). Record again, a little longer.`);
        }
      };
      recorder.start();
      const started = performance.now();
      button.textContent = "Stop";
      button.classList.add("s2f-on");
      clock = setInterval(() => {
        const seconds = (performance.now() - started) / 1000;
        state.textContent = `Recording: ${Math.min(seconds, longest).toFixed(1)} of ${longest} s`;
        if (seconds >= longest && recorder?.state === "recording") recorder.stop();
      }, 100);
    } catch (error) {
      silence();
      trouble(whyNot(error));
    } finally {
      asked = false;
    }
  }

  async function take(file) {
    if (!file) return;
    if (file.size > mostBytes) {
      trouble(`${file.name} has ${Math.round(file.size / 2 ** 20)} MB; up to ${mostBytes / 2 ** 20} MB are read. Cut it shorter.`);
      return;
    }
    calm(`Reading ${file.name} …`);
    sendInParts(model, "file", file.name, await file.arrayBuffer());
    calm("The microphone is off.");
  }

  button.onclick = () => (recorder?.state === "recording" ? recorder.stop() : begin());
  input.onchange = () => {
    take(input.files[0]);
    input.value = ""; // the same file can be chosen again
  };
  const over = (event) => {
    event.preventDefault();
    event.stopPropagation();
    drop.classList.toggle("s2f-over", event.type === "dragover");
  };
  drop.ondragover = over;
  drop.ondragleave = over;
  drop.ondrop = (event) => {
    over(event);
    take(event.dataTransfer.files[0]);
  };
  return () => {
    silence(); // the microphone does not stay on when the page goes
    watch.disconnect();
  };
}

export default { render };
