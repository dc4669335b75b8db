// A call in the browser: the waveform, the way from a position to its record, live listening with its three commands,
// and the synopsis that keeps itself as a draft. Everything works from the keyboard: L, M, S, P, and the player's own keys.

const RATE = 8000;
const LEAD_S = 0.15; // how far ahead of the clock sound is put; what has ended is silent so much later
const AUTOSAVE_MS = 1200;

const csrf = document.querySelector('input[name="csrf"]')?.value ?? "";
const panel = document.querySelector(".listen");
const here = panel?.dataset.here ?? "";
const heard = document.querySelector("#heard");
const why = document.querySelector("#why");

function say(sentence) {
  if (heard) heard.textContent = sentence;
}

function fail(sentence) {
  why.textContent = sentence;
  why.hidden = false;
}

async function send(path, fields) {
  const body = new URLSearchParams({ csrf, ...fields });
  const answer = await fetch(path, { method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual" });
  if (answer.type === "opaqueredirect" || answer.ok) return answer.type === "opaqueredirect" ? {} : answer.json().catch(() => ({}));
  const text = await answer.text();
  const page = new DOMParser().parseFromString(text, "text/html");
  throw new Error(page.querySelector("main p")?.textContent?.trim() || "It was refused.");
}

// Waveform

const canvas = document.querySelector("#wave");
const player = document.querySelector("#player");
let peaks = null;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function draw() {
  if (!peaks) return;
  const pen = canvas.getContext("2d");
  const { width, height } = canvas;
  pen.clearRect(0, 0, width, height);
  const lane = height / 2;
  for (const channel of [0, 1]) {
    const middle = lane * channel + lane / 2;
    pen.fillStyle = colour("--accent");
    const low = peaks.low[channel], high = peaks.high[channel];
    for (let at = 0; at < low.length; at += 1) {
      const x = (at * peaks.seconds_per_bucket / peaks.seconds) * width;
      const top = middle - (high[at] / 128) * (lane / 2), bottom = middle - (low[at] / 128) * (lane / 2);
      pen.fillRect(x, top, Math.max(width / low.length, 1), Math.max(bottom - top, 1));
    }
  }
  pen.fillStyle = colour("--bad-back");
  for (const [start, end] of peaks.tones) pen.fillRect((start / peaks.seconds) * width, 0, ((end - start) / peaks.seconds) * width, 4);
  if (player && player.duration) {
    pen.fillStyle = colour("--focus");
    pen.fillRect((player.currentTime / peaks.seconds) * width - 1, 0, 2, height);
  }
}

if (canvas) {
  fetch(`${here}/peaks?buckets=1000`).then((answer) => (answer.ok ? answer.json() : null)).then((found) => { peaks = found; draw(); });
  canvas.addEventListener("click", (event) => {
    if (peaks) player.currentTime = (event.offsetX / canvas.clientWidth) * peaks.seconds;
  });
}

let asked = -1;
player?.addEventListener("timeupdate", async () => {
  draw();
  document.querySelector("#position").textContent = `${player.currentTime.toFixed(1)} s`;
  const second = Math.floor(player.currentTime);
  if (second === asked) return;
  asked = second;
  const answer = await fetch(`${here}/at?second=${player.currentTime}`);
  if (!answer.ok) return;
  const { record } = await answer.json();
  const link = document.querySelector("#record");
  link.hidden = record === null;
  if (record !== null) {
    link.href = `${here.replace(/\/calls\/.*/, "")}/records/${record}`;
    link.textContent = `record ${record} sounds here`;
  }
});

// Listening

const button = document.querySelector("#live");
let listening = null;

function frames() {
  let held = new Uint8Array(0);
  return (piece) => {
    const all = new Uint8Array(held.length + piece.length);
    all.set(held);
    all.set(piece, held.length);
    const found = [];
    let at = 0;
    while (all.length - at >= 5) {
      const length = new DataView(all.buffer, at + 1, 4).getUint32(0, true);
      if (all.length - at < 5 + length) break;
      found.push([String.fromCharCode(all[at]), all.slice(at + 5, at + 5 + length)]);
      at += 5 + length;
    }
    held = all.slice(at);
    return found;
  };
}

async function listen() {
  const stopper = new AbortController();
  const sound = new AudioContext({ sampleRate: RATE });
  listening = { stopper, sound };
  button.setAttribute("aria-pressed", "true");
  why.hidden = true;
  say("Beginning to listen.");
  let next = 0;
  let ended = "";
  try {
    const channel = document.querySelector("#channel").value;
    const answer = await fetch(`${here}/listen?channel=${channel}`, { signal: stopper.signal });
    if (!answer.ok) throw new Error((await answer.text()).match(/<main[^]*?<p[^>]*>([^<]*)/)?.[1] ?? "It was refused.");
    say("Listening; waiting for sound.");
    const reader = answer.body.getReader();
    const take = frames();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      for (const [kind, octets] of take(value)) {
        if (kind === "E") ended = JSON.parse(new TextDecoder().decode(octets)).why;
        if (kind !== "S") continue;
        const samples = new Int16Array(octets.buffer, octets.byteOffset, octets.length >> 1);
        const piece = sound.createBuffer(1, samples.length, RATE);
        piece.getChannelData(0).set(Float32Array.from(samples, (one) => one / 32768));
        const source = new AudioBufferSourceNode(sound, { buffer: piece });
        source.connect(sound.destination);
        next = Math.max(next, sound.currentTime + LEAD_S);
        source.start(next);
        next += piece.duration;
        say("Listening.");
      }
    }
  } catch (error) {
    if (error.name !== "AbortError") ended = error.message;
  }
  await sound.close();
  listening = null;
  button.setAttribute("aria-pressed", "false");
  say("Not listening.");
  if (ended) fail(ended);
}

button?.addEventListener("click", () => (listening ? listening.stopper.abort() : listen()));

// Minimise, spot check, privileged

const minimise = document.querySelector("#minimise");
const spot = document.querySelector("#spot");
let since = 0;

function tick() {
  if (!since) return;
  const seconds = Math.floor((Date.now() - since) / 1000);
  minimise.innerHTML = "";
  const key = document.createElement("kbd");
  key.textContent = "M";
  minimise.append(key, ` Resume (minimised for ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")})`);
  setTimeout(tick, 1000);
}

// The page of a communication that is minimised already, by whomever, goes on counting.
if (minimise?.dataset.seconds) {
  since = Date.now() - 1000 * Number(minimise.dataset.seconds);
  tick();
}

minimise?.addEventListener("click", async () => {
  const on = minimise.getAttribute("aria-pressed") === "true";
  try {
    await send(`${here}/minimise`, { act: on ? "stop" : "start", mode: document.querySelector("#mode").value });
  } catch (error) {
    fail(error.message);
    return;
  }
  minimise.setAttribute("aria-pressed", on ? "false" : "true");
  spot.hidden = on;
  since = on ? 0 : Date.now();
  if (on) minimise.lastChild.textContent = " Minimise";
  else tick();
  say(on ? "Minimising has ended." : "Minimised: on record, effective from the next batch.");
});

spot?.addEventListener("click", async () => {
  try {
    await send(`${here}/minimise`, { act: "check", mode: "live-only" });
    say("Spot check: you may listen in for a moment.");
  } catch (error) {
    fail(error.message);
  }
});

document.querySelector("#privileged")?.addEventListener("click", async () => {
  if (!window.confirm("Mark this communication privileged? From now on the filter team alone reads it.")) return;
  try {
    await send(`${here}/privileged`, { on: "true" });
    say("Marked privileged (R-120).");
    listening?.stopper.abort();
  } catch (error) {
    fail(error.message);
  }
});

// Synopsis

const form = document.querySelector("[data-autosave]");
let waiting = 0;
form?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    const status = form.querySelector("[data-autosaved]");
    try {
      await send(form.dataset.autosave, { words: form.elements.words.value, seen: form.elements.seen.value });
      status.textContent = "Kept as a draft.";
    } catch (error) {
      status.textContent = error.message;
    }
  }, AUTOSAVE_MS);
});
